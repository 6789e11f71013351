//! The companies that a tenant sells to and looks after.

use chrono::NaiveDate;
pub use entity::customers::customer::{LifecycleStage, Model, Status, Tier};
use entity::{customers::customer, id::ClientId};
use rust_decimal::Decimal;
use sea_orm::Set;
use validator::Validate;

use crate::{Error, Result, Tx, input};

/// A customer to be registered.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// Its business key, unique within the tenant.
    pub client_id: ClientId,
    /// What it is called in talk.
    #[validate(custom(function = input::named), length(max = 200))]
    pub client_name: String,
    /// What it is called on paper.
    #[validate(custom(function = input::named), length(max = 200))]
    pub company_name: String,
    /// What it pays for.
    pub tier: Tier,
    /// What it pays a year, in the tenant's currency.
    #[validate(custom(function = input::money))]
    pub contract_value: Decimal,
    /// The first day of its contract.
    #[validate(custom(function = input::date))]
    pub contract_start_date: NaiveDate,
    /// The last day of its contract; `None`: open-ended.
    #[validate(custom(function = input::date))]
    pub contract_end_date: Option<NaiveDate>,
}

impl New {
    /// A standard customer from `start` on, worth nothing yet.
    #[must_use]
    pub fn named(client_id: ClientId, name: &str, start: NaiveDate) -> Self {
        Self {
            client_id,
            client_name: name.to_owned(),
            company_name: name.to_owned(),
            tier: Tier::Standard,
            contract_value: Decimal::ZERO,
            contract_start_date: start,
            contract_end_date: None,
        }
    }

    fn into_row(self, tx: &Tx) -> customer::ActiveModel {
        customer::ActiveModel {
            client_id: Set(self.client_id),
            client_name: Set(self.client_name),
            company_name: Set(self.company_name),
            tier: Set(self.tier),
            contract_value: Set(self.contract_value),
            contract_start_date: Set(self.contract_start_date),
            contract_end_date: Set(self.contract_end_date),
            renewal_date: Set(self.contract_end_date),
            created_at: Set(tx.now()),
            updated_at: Set(tx.now()),
            ..Default::default()
        }
    }
}

/// Registers a customer, in onboarding.
///
/// # Errors
///
/// [`Error::Conflict`] if the tenant has one with that key, [`Error::Invalid`].
#[tracing::instrument(name = "customer::register", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn register(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    if new.contract_end_date.is_some_and(|end| end <= new.contract_start_date) {
        return Err(Error::invalid("contract_end_date", "must be after the start"));
    }
    tx.insert(new.into_row(tx)).await
}

/// One customer.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such customer, or it was deleted.
#[tracing::instrument(name = "customer::get", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn get(tx: &Tx, id: &ClientId) -> Result<Model> {
    let found = tx.get::<customer::Entity>(id.clone()).await?;
    found.filter(|c| c.deleted_at.is_none()).ok_or(Error::NotFound("customer"))
}
