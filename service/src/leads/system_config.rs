//! What a tenant has settled about its leads: typed, with defaults, and with a record of who changed
//! what and why.
//!
//! A key that is not set reads as its default, and so does a member of a key that is not there. It is
//! read from the database each time, and kept nowhere else.

mod members;
mod setting;

use chrono::{DateTime, Utc};
pub use entity::leads::{
    system_config::{Key, Model},
    system_config_history::Model as Change,
};
use entity::{
    id::{SystemConfigHistoryId, SystemConfigId},
    leads::{
        system_config::{self, Column, Entity},
        system_config_history,
    },
};
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::setting::{LeadLimits, NurtureSettings, ScoringWeights, Setting};
use crate::{Error, Page, Result, Tx, input, page};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::history_query;
}

/// All that is settled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct All {
    /// What each component counts for in the score of a lead.
    pub lead_scoring_weights: ScoringWeights,
    /// How many leads a partner may have and bring.
    pub lead_limits: LeadLimits,
    /// How nurture sequences send.
    pub nurture_settings: NurtureSettings,
}

/// Which changes of a key to read.
#[derive(Clone, Debug)]
pub struct History {
    /// How many to read at once, 1 to 1000.
    pub limit: u64,
    /// Where the page before this one ended.
    pub after: Option<After>,
}

impl Default for History {
    fn default() -> Self {
        Self { limit: 50, after: None }
    }
}

/// Where a page of changes ended. What is changed later stands before the first page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    changed_at: DateTime<Utc>,
    id: SystemConfigHistoryId,
}

/// What is settled, or the default: `get::<LeadLimits>(tx)`. One statement.
///
/// # Errors
///
/// [`Error::Conflict`] if what is settled was written by a version that knew other members than this
/// one, or in another form.
#[tracing::instrument(name = "system_config::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get<S: Setting>(tx: &Tx) -> Result<S> {
    let row = tx
        .find::<Entity>() // served by system_config_key
        .filter(Column::ConfigKey.eq(S::KEY))
        .one(tx)
        .await?;
    row.map_or_else(|| Ok(S::default()), |row| stored(&row.config_value))
}

/// All that is settled, with the defaults for what is not. One statement.
///
/// # Errors
///
/// As [`get`].
#[tracing::instrument(name = "system_config::all", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn all(tx: &Tx) -> Result<All> {
    let known = [Key::LeadScoringWeights, Key::LeadLimits, Key::NurtureSettings];
    let rows = tx
        .find::<Entity>() // served by system_config_key
        .filter(Column::ConfigKey.is_in(known))
        .all(tx)
        .await?;
    let mut all = All::default();
    for row in rows {
        match row.config_key {
            Key::LeadScoringWeights => all.lead_scoring_weights = stored(&row.config_value)?,
            Key::LeadLimits => all.lead_limits = stored(&row.config_value)?,
            Key::NurtureSettings => all.nurture_settings = stored(&row.config_value)?,
        }
    }
    Ok(all)
}

/// Settles something, and writes down who did, why, and what it was before; whether that changed
/// anything: what reads as it did before is not written. Whoever else is settling it waits.
///
/// # Errors
///
/// [`Error::Invalid`], naming the member, as in `lead_limits.max_imports_per_day`; [`Error::NotFound`]
/// if the tenant has not been opened.
#[tracing::instrument(name = "system_config::set", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn set<S: Setting>(tx: &Tx, value: S, reason: &str) -> Result<bool> {
    value.check()?;
    input::text("reason", reason, 500)?;
    let new = value.to_json();
    let mut held = locked(tx, S::KEY).await?;
    if held.is_none() {
        if value == S::default() {
            return Ok(false);
        }
        let row = system_config::ActiveModel {
            id: Set(SystemConfigId::new()),
            config_key: Set(S::KEY),
            config_value: Set(new.clone()),
            updated_by_user_id: Set(tx.context().user()),
            updated_at: Set(tx.now()),
            ..Default::default()
        };
        if !tx.insert_new(vec![row]).await?.is_empty() {
            record(tx, S::KEY, None, new, reason).await?;
            return Ok(true);
        }
        held = locked(tx, S::KEY).await?; // somebody else was first
    }
    let Some(old) = held else { return Err(Error::conflict("somebody else is settling it")) };
    // What cannot be read is replaced.
    if stored::<S>(&old.config_value).is_ok_and(|old| old == value) {
        return Ok(false);
    }
    let before = old.config_value.clone();
    let mut row = old.into_active_model();
    row.config_value = Set(new.clone());
    row.updated_by_user_id = Set(tx.context().user());
    row.updated_at = Set(tx.now());
    tx.update(row).await?;
    record(tx, S::KEY, Some(before), new, reason).await?;
    Ok(true)
}

/// Settles something by its key, as a form or a file says it.
///
/// # Errors
///
/// As [`set`]; [`Error::Invalid`] also for a key or a member that nobody knows.
#[tracing::instrument(name = "system_config::set_json", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn set_json(tx: &Tx, key: &str, value: &Value, reason: &str) -> Result<bool> {
    let known = Key::try_from_value(&key.to_owned());
    match known.map_err(|_| Error::invalid("config_key", "is not known"))? {
        Key::LeadScoringWeights => set(tx, ScoringWeights::from_json(value)?, reason).await,
        Key::LeadLimits => set(tx, LeadLimits::from_json(value)?, reason).await,
        Key::NurtureSettings => set(tx, NurtureSettings::from_json(value)?, reason).await,
    }
}

/// Who changed a key, latest first.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is none.
#[tracing::instrument(name = "system_config::history", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn history(tx: &Tx, key: Key, ask: &History) -> Result<Page<Change, After>> {
    page::check(ask.limit)?;
    let found = history_query(tx, key, ask).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(Page::new(found, ask.limit, |last| After { changed_at: last.changed_at, id: last.id }))
}

/// Served by `system_config_history_of_key`.
#[must_use]
pub fn history_query(
    tx: &Tx,
    key: Key,
    ask: &History,
) -> sea_orm::Select<system_config_history::Entity> {
    use system_config_history::Column;
    let mut query = tx
        .find::<system_config_history::Entity>()
        .filter(Column::ConfigKey.eq(key))
        .order_by_desc(Column::ChangedAt)
        .order_by_desc(Column::Id)
        .limit(ask.limit + 1);
    if let Some(After { changed_at, id }) = ask.after {
        let same = Condition::all().add(Column::ChangedAt.eq(changed_at)).add(Column::Id.lt(id));
        query = query
            .filter(Column::ChangedAt.lte(changed_at))
            .filter(Condition::any().add(Column::ChangedAt.lt(changed_at)).add(same));
    }
    query
}

/// What stands in the database, which need not be what this version would have written.
fn stored<S: Setting>(value: &Value) -> Result<S> {
    S::from_json(value).map_err(|error| {
        Error::conflict(format!("what is settled was written by another version: {error}"))
    })
}

/// The row of a key, which nobody else can change until the transaction ends.
async fn locked(tx: &Tx, key: Key) -> Result<Option<Model>> {
    let row =
        tx.find::<Entity>().filter(Column::ConfigKey.eq(key)).lock_exclusive().one(tx).await?;
    Ok(row)
}

async fn record(tx: &Tx, key: Key, old: Option<Value>, new: Value, reason: &str) -> Result<()> {
    tx.insert_many(vec![system_config_history::ActiveModel {
        id: Set(SystemConfigHistoryId::new()),
        config_key: Set(key),
        old_value: Set(old),
        new_value: Set(new),
        actor: Set(tx.context().actor.to_string()),
        reason: Set(reason.to_owned()),
        changed_at: Set(tx.now()),
        ..Default::default()
    }])
    .await
}
