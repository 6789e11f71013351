//! Giving a client from one person to another.

use entity::{
    email::Email,
    health::{
        client_health_score::{Column, Entity, Model},
        contact_owner_history, intervention,
    },
    id::ContactOwnerHistoryId,
};
use sea_orm::{ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};

use crate::{
    Error, Result, Tx,
    health::intervention::{Cause, Client, log},
    input,
};

/// What came of giving a client to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerChange {
    /// The client, as it is now.
    pub client: Model,
    /// The change; `None`: the client was that person's already.
    pub history: Option<contact_owner_history::Model>,
    /// Whether something should be done about it: the client changed hands, and not for the first
    /// time.
    pub should_intervene: bool,
    /// What was logged to be done.
    pub intervention: Option<intervention::Model>,
}

/// Gives a client to another coach, and keeps a record of how the client stood then. Whoever gets a
/// client that is theirs already has changed nothing. From the second change on an intervention is
/// logged, once for each.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant watches no such client, of whom no record is left either;
/// [`Error::Invalid`] if the coach's name is empty, or that or the reason longer than 200
/// characters.
#[tracing::instrument(name = "client_health_score::change_owner", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn change_owner(
    tx: &Tx,
    email: &Email,
    new_owner: &str,
    reason: Option<&str>,
) -> Result<OwnerChange> {
    input::text("new_owner", new_owner, 200)?;
    if let Some(reason) = reason {
        input::text("reason", reason, 200)?;
    }
    let of = tx.find::<Entity>(); // served by client_health_scores_email
    let held = of.filter(Column::Email.eq(email.as_str())).lock_exclusive().one(tx).await?;
    let client = held.ok_or(Error::NotFound("client"))?;
    if client.assigned_coach.as_deref() == Some(new_owner) {
        return Ok(OwnerChange {
            client,
            history: None,
            should_intervene: false,
            intervention: None,
        });
    }
    close_last(tx, &client).await?;
    let count = client.owner_change_count.saturating_add(1);
    let should_intervene = count > 1;
    let id = ContactOwnerHistoryId::new();
    let intervention = if should_intervene {
        let with_new = Model { assigned_coach: Some(new_owner.to_owned()), ..client.clone() };
        log(tx, vec![Client::of(&with_new, Cause::OwnerChange(id))]).await?.pop()
    } else {
        None
    };
    let history = tx
        .insert(contact_owner_history::ActiveModel {
            id: Set(id),
            client_email: Set(client.email.clone()),
            old_owner: Set(client.assigned_coach.clone()),
            new_owner: Set(new_owner.to_owned()),
            changed_at: Set(tx.now()),
            reason: Set(reason.map(str::to_owned)),
            health_before: Set(client.health_score),
            health_zone_before: Set(client.health_zone),
            triggered_intervention: Set(intervention.is_some()),
            intervention_id: Set(intervention.as_ref().map(|i| i.id)),
            created_at: Set(tx.now()),
            updated_at: Set(tx.now()),
            ..Default::default()
        })
        .await?;
    let old_owner = client.assigned_coach.clone();
    let mut row = client.into_active_model();
    row.assigned_coach = Set(Some(new_owner.to_owned()));
    row.previous_owner = Set(old_owner);
    row.owner_changed_at = Set(Some(tx.now()));
    row.owner_change_count = Set(count);
    row.updated_at = Set(tx.now());
    let client = tx.update(row).await?;
    Ok(OwnerChange { client, history: Some(history), should_intervene, intervention })
}

/// How the client stood when the last owner's time ended.
async fn close_last(tx: &Tx, client: &Model) -> Result<()> {
    let last = tx
        .find::<contact_owner_history::Entity>() // served by contact_owner_history_of_client
        .filter(contact_owner_history::Column::ClientEmail.eq(client.email.as_str()))
        .order_by_desc(contact_owner_history::Column::ChangedAt)
        .order_by_desc(contact_owner_history::Column::Id)
        .one(tx)
        .await?;
    let Some(last) = last else { return Ok(()) };
    let mut row = last.into_active_model();
    row.health_after = Set(client.health_score);
    row.health_zone_after = Set(client.health_zone);
    row.updated_at = Set(tx.now());
    tx.update(row).await.map(drop)
}
