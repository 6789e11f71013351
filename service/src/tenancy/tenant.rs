//! The companies that use us.

pub use entity::tenancy::tenant::Model;
use entity::{tenancy::tenant, zone::Zone};
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
use validator::Validate;

use crate::{Result, Tx, compliance::compliance_schedule, input};

/// How a tenant works.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// What it is called.
    #[validate(custom(function = input::named), length(max = 200))]
    pub name: String,
    /// Whose midnight begins its day.
    pub time_zone: Zone,
    /// Where numbers without a country code are dialled from (`US`).
    #[validate(custom(function = input::region))]
    pub phone_region: String,
    /// What its amounts are in unless they say otherwise (`USD`).
    #[validate(custom(function = input::currency))]
    pub currency: String,
    /// After how many days of silence its deals stall, where stage and deal do not say; `None`
    /// leaves it to each stage's default.
    #[validate(range(min = 0, max = 3650))]
    pub stall_after_days: Option<i32>,
}

impl New {
    /// A tenant in the United States that says nothing else.
    #[must_use]
    pub fn named(name: &str, time_zone: Zone) -> Self {
        Self {
            name: name.to_owned(),
            time_zone,
            phone_region: "US".to_owned(),
            currency: "USD".to_owned(),
            stall_after_days: None,
        }
    }
}

/// Opens the tenant that the context names.
///
/// # Errors
///
/// [`Error::Conflict`](crate::Error::Conflict) if it is open already,
/// [`Error::Invalid`](crate::Error::Invalid).
#[tracing::instrument(name = "tenant::open", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn open(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    let row = tenant::ActiveModel {
        id: Set(tx.context().tenant),
        name: Set(new.name),
        time_zone: Set(new.time_zone),
        phone_region: Set(new.phone_region),
        currency: Set(new.currency),
        stall_after_days: Set(new.stall_after_days),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    Ok(row.insert(tx).await?)
}

/// The tenant itself.
///
/// # Errors
///
/// [`Error::NotFound`](crate::Error::NotFound) if it was never opened.
pub async fn get(tx: &Tx) -> Result<Model> {
    tx.tenant().await.cloned()
}

/// Changes how the tenant works, from the next transaction on. In another time zone the days on which
/// compliance is due end at another time, which its checks and schedules then say.
///
/// # Errors
///
/// As [`open`].
#[tracing::instrument(name = "tenant::change", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn change(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    let before = get(tx).await?;
    let zone = (before.time_zone != new.time_zone).then(|| new.time_zone.clone());
    let mut row = before.into_active_model();
    row.name = Set(new.name);
    row.time_zone = Set(new.time_zone);
    row.phone_region = Set(new.phone_region);
    row.currency = Set(new.currency);
    row.stall_after_days = Set(new.stall_after_days);
    row.updated_at = Set(tx.now());
    let changed = row.update(tx).await?;
    if let Some(zone) = zone {
        compliance_schedule::keep_days(tx, &zone).await?;
    }
    Ok(changed)
}
