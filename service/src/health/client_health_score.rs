//! The clients whose health is watched, each known by an e-mail address.
//!
//! A client's score says how often and how lately they came (40 %), how much of their package is
//! left (30 %) and which way it is going (30 %), each from 0 to 100. Of a client whose package is not
//! known it is of the other two by their weights, and says that it covers 70 % of what it should.

mod at_risk;
mod compute;
mod owner;
mod risk;
mod score;

use chrono::NaiveDate;
pub use entity::health::client_health_score::{
    Level, Model, Momentum, Risk, RiskFactor, RiskFactors, Zone,
};
use entity::{
    email::Email,
    health::client_health_score::{self, Column},
    id::{ClientHealthScoreId, ClientId},
};
use sea_orm::{ColumnTrait, QueryFilter, Set, sea_query::Expr};
use validator::Validate;

pub use self::{
    at_risk::at_risk,
    compute::{Compute, Computed, compute},
    owner::{OwnerChange, change_owner},
    risk::{RISKS, category, priority},
    score::{Scored, Seen, WEIGHTS, ZONES, score},
};
use crate::{Error, Result, Tx, input};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{
        at_risk::AT_RISK,
        compute::{COUNTS, QUEUE},
    };
}

/// A client to be watched.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// What the client is known by, unique within the tenant.
    pub email: Email,
    /// The customer that the client belongs to, where that is known.
    pub client_id: Option<ClientId>,
    /// Their first name.
    #[validate(custom(function = input::plain), length(max = 100))]
    pub firstname: Option<String>,
    /// Their last name.
    #[validate(custom(function = input::plain), length(max = 100))]
    pub lastname: Option<String>,
    /// Who looks after them.
    #[validate(custom(function = input::plain), length(max = 200))]
    pub assigned_coach: Option<String>,
}

/// Begins to watch a client, of whose calls nothing is known yet.
///
/// # Errors
///
/// [`Error::Conflict`] if the client is watched already; [`Error::NotFound`] if the tenant has no
/// such customer; [`Error::Invalid`].
#[tracing::instrument(name = "client_health_score::open", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn open(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    tx.insert(client_health_score::ActiveModel {
        id: Set(ClientHealthScoreId::new()),
        email: Set(new.email),
        client_id: Set(new.client_id),
        firstname: Set(new.firstname),
        lastname: Set(new.lastname),
        assigned_coach: Set(new.assigned_coach),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    })
    .await
}

/// One client.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant watches no such client.
#[tracing::instrument(name = "client_health_score::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, email: &Email) -> Result<Model> {
    let of = tx.find::<client_health_score::Entity>(); // served by client_health_scores_email
    let found = of.filter(Column::Email.eq(email.as_str())).one(tx).await?;
    found.ok_or(Error::NotFound("client"))
}

/// What a client has paid for.
#[derive(Clone, Debug, Validate)]
pub struct Package {
    /// How many sessions, 0 to 100 000. With 0 here and 0 outstanding no package is known, which is
    /// not an empty one: the score is of the rest.
    #[validate(range(min = 0, max = 100_000))]
    pub purchased: i32,
    /// How many of them are still to come.
    #[validate(range(min = 0, max = 100_000))]
    pub outstanding: i32,
    /// The last day on which they can be had; `None`: no such day.
    #[validate(custom(function = input::date))]
    pub ends_on: Option<NaiveDate>,
}

/// Says what a client has paid for, and how much of it is left. It counts in the next score.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant watches no such client; [`Error::Invalid`].
#[tracing::instrument(name = "client_health_score::set_package", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn set_package(tx: &Tx, email: &Email, package: Package) -> Result<()> {
    input::check(&package)?;
    let done = tx
        .update_many::<client_health_score::Entity>() // served by client_health_scores_email
        .col_expr(Column::SessionsPurchased, Expr::value(package.purchased))
        .col_expr(Column::OutstandingSessions, Expr::value(package.outstanding))
        .col_expr(Column::PackageEndsOn, Expr::value(package.ends_on))
        .col_expr(Column::UpdatedAt, Expr::value(tx.now()))
        .filter(Column::Email.eq(email.as_str()))
        .exec(tx)
        .await?;
    if done.rows_affected == 1 { Ok(()) } else { Err(Error::NotFound("client")) }
}
