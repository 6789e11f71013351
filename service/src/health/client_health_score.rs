//! The clients whose health is watched, each known by an e-mail address.

pub use entity::health::client_health_score::Model;
use entity::{
    email::Email,
    health::client_health_score::{self, Column},
    id::{ClientHealthScoreId, ClientId},
};
use sea_orm::{ColumnTrait, QueryFilter, Set};
use validator::Validate;

use crate::{Error, Result, Tx, input};

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
