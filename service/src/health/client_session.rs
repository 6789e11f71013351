//! The sessions that clients book, and have, and miss.

use chrono::{DateTime, Utc};
pub use entity::health::client_session::{Model, Status};
use entity::{
    email::Email,
    health::client_session::{self, Column, Entity},
    id::ClientSessionId,
};
use sea_orm::{ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};
use validator::Validate;

use crate::{Error, Result, Tx, input};

/// A session to be recorded.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// Which client.
    pub client_email: Email,
    /// The booking system's own id, by which a session is recorded once; `None`: it has none.
    #[validate(custom(function = input::named), length(max = 200))]
    pub external_id: Option<String>,
    /// When it took place, or, if it is only booked, when it will.
    #[validate(custom(function = input::instant))]
    pub held_at: DateTime<Utc>,
    /// What became of it.
    pub status: Status,
    /// With whom.
    #[validate(custom(function = input::named), length(max = 200))]
    pub coach: Option<String>,
}

impl New {
    /// A session that took place.
    #[must_use]
    pub fn attended(client_email: Email, held_at: DateTime<Utc>) -> Self {
        Self { client_email, external_id: None, held_at, status: Status::Attended, coach: None }
    }
}

/// Records a session. One that has an id of the booking system's and is recorded already stays as
/// it is, and the answer is the first record; except that one which was only booked may be moved,
/// and becomes what came of it.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant watches no such client; [`Error::Conflict`] if the booking
/// system's id is that of another client's session; [`Error::Invalid`] if a session that took place,
/// or was missed, is to have done so in the future.
#[tracing::instrument(name = "client_session::record", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn record(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    let is_over = matches!(new.status, Status::Attended | Status::NoShow);
    if is_over && new.held_at > tx.now() {
        return Err(Error::invalid("held_at", "must not be in the future"));
    }
    let again = new.clone();
    let row = client_session::ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(ClientSessionId::new()),
        client_email: Set(new.client_email),
        external_id: Set(new.external_id),
        held_at: Set(new.held_at),
        status: Set(new.status),
        coach: Set(new.coach),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    if let Some(session) = tx.insert_new(vec![row]).await?.pop() {
        return Ok(session);
    }
    let first = tx
        .find::<Entity>() // served by client_sessions_once
        .filter(Column::ExternalId.eq(again.external_id))
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or(Error::NotFound("session"))?;
    if first.client_email != again.client_email {
        return Err(Error::conflict("the session is another client's"));
    }
    if first.status != Status::Booked {
        return Ok(first);
    }
    let coach = again.coach.or_else(|| first.coach.clone());
    let mut row = first.into_active_model();
    row.held_at = Set(again.held_at);
    row.status = Set(again.status);
    row.coach = Set(coach);
    row.updated_at = Set(tx.now());
    tx.update(row).await
}
