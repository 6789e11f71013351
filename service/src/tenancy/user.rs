//! The people who work for a tenant.

mod absence;

pub use entity::tenancy::{user::Model, user_absence::Model as Absence};
use entity::{email::Email, id::UserId, tenancy::user};
use sea_orm::Set;
use validator::Validate;

pub use self::absence::{absences, absent, not_absent};
use crate::{Error, Result, Tx, input};

/// Somebody to be added.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// What they log in with, unique within the tenant.
    pub email: Email,
    /// What they are called.
    #[validate(custom(function = input::named), length(max = 200))]
    pub name: String,
    /// What the tenant calls their job.
    #[validate(custom(function = input::named), length(max = 100))]
    pub role: String,
}

/// Adds somebody.
///
/// # Errors
///
/// [`Error::Conflict`] if the tenant has somebody with that address, [`Error::Invalid`].
#[tracing::instrument(name = "user::add", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn add(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    tx.insert(user::ActiveModel {
        id: Set(UserId::new()),
        email: Set(new.email),
        name: Set(new.name),
        role: Set(new.role),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    })
    .await
}

/// One of them.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such user.
#[tracing::instrument(name = "user::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: UserId) -> Result<Model> {
    tx.get::<user::Entity>(id).await?.ok_or(Error::NotFound("user"))
}
