//! What the sources of leads cost, month by month, and what came of it.

mod roi;

pub use entity::leads::lead_source_cost::{Model, Month, NotAMonth};
use entity::{
    id::{LeadSourceCostId, UserId},
    leads::lead_source_cost::{self, Entity},
};
use rust_decimal::Decimal;
use sea_orm::{ActiveValue::Unchanged, FromQueryResult, Set};
use validator::Validate;

pub use self::roi::{Ask, By, Figures, Foreign, Roi, Row, roi};
use crate::{Error, Result, Tx, input, page, page::Page};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{
        LIST,
        roi::{FOREIGN, ROI},
    };
}

/// A cost to be recorded.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// Who paid it; `None`: the tenant as a whole.
    pub user_id: Option<UserId>,
    /// Of which leads: `facebook_ads`.
    #[validate(custom(function = input::named), length(max = 100))]
    pub source: String,
    /// For which campaign; `None`: for the whole source, its campaigns included.
    #[validate(custom(function = input::named), length(max = 100))]
    pub sub_source: Option<String>,
    /// In which month.
    pub period: Month,
    /// How much.
    #[validate(custom(function = input::money))]
    pub cost: Decimal,
    /// In which currency; `None`: the tenant's.
    #[validate(custom(function = input::currency))]
    pub currency: Option<String>,
    /// What else there is to say.
    #[validate(custom(function = input::named), length(max = 2000))]
    pub notes: Option<String>,
}

impl New {
    /// What a whole source cost the tenant in a month, in the tenant's currency.
    #[must_use]
    pub fn of(source: &str, period: Month, cost: Decimal) -> Self {
        Self {
            user_id: None,
            source: source.to_owned(),
            sub_source: None,
            period,
            cost,
            currency: None,
            notes: None,
        }
    }
}

/// What changes about a cost. `None` keeps what there is.
#[derive(Clone, Debug, Default, Validate)]
pub struct Change {
    /// How much.
    #[validate(custom(function = input::money))]
    pub cost: Option<Decimal>,
    /// What else there is to say.
    #[validate(custom(function = input::named), length(max = 2000))]
    pub notes: Option<String>,
}

/// Which costs, and which piece of the list.
#[derive(Clone, Debug)]
pub struct List {
    /// The first month; `None`: from the beginning.
    pub from: Option<Month>,
    /// The last month; `None`: to the end.
    pub to: Option<Month>,
    /// How many at once.
    pub limit: u64,
    /// The last one of the piece before.
    pub after: Option<(Month, LeadSourceCostId)>,
}

impl Default for List {
    fn default() -> Self {
        Self { from: None, to: None, limit: 50, after: None }
    }
}

/// Records what a source, or one campaign of it, cost in a month.
///
/// # Errors
///
/// [`Error::Conflict`] if that is recorded already, for the same payer and currency;
/// [`Error::NotFound`] if the tenant has no such user; [`Error::Invalid`].
#[tracing::instrument(name = "lead_source_cost::record", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn record(tx: &Tx, new: New) -> Result<Model> {
    input::check(&new)?;
    let currency = match new.currency {
        Some(currency) => currency,
        None => tx.tenant().await?.currency.clone(),
    };
    tx.insert(lead_source_cost::ActiveModel {
        id: Set(LeadSourceCostId::new()),
        user_id: Set(new.user_id),
        source: Set(new.source),
        sub_source: Set(new.sub_source),
        period: Set(new.period),
        cost_usd: Set(new.cost),
        currency: Set(currency),
        notes: Set(new.notes),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    })
    .await
}

/// Corrects a cost.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has no such cost; [`Error::Invalid`].
#[tracing::instrument(name = "lead_source_cost::change", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn change(tx: &Tx, id: LeadSourceCostId, change: Change) -> Result<Model> {
    input::check(&change)?;
    let old = tx.get::<Entity>(id).await?.ok_or(Error::NotFound("source cost"))?;
    tx.update(lead_source_cost::ActiveModel {
        tenant_id: Unchanged(old.tenant_id),
        id: Unchanged(id),
        cost_usd: Set(change.cost.unwrap_or(old.cost_usd)),
        notes: Set(change.notes.or(old.notes)),
        updated_at: Set(tx.now()),
        ..Default::default()
    })
    .await
}

/// Served by `lead_source_costs_by_month`. `$3` and `$4` the first and the last month or null, `$5` how
/// many rows, `$6` and `$7` where the piece before ended.
pub const LIST: &str = "
select c.* from lead_source_costs c
where c.tenant_id = $1 and $2::timestamptz is not null
  and c.period >= coalesce($6::text, $3::text, '1970-01') and c.period <= coalesce($4, '9999-12')
  and ($6 is null or (c.period, c.id) > ($6, $7::uuid))
order by c.period, c.id limit $5";

/// What was recorded, by month, a piece at a time.
///
/// # Errors
///
/// [`Error::Invalid`] for a limit that is not from 1 to 1000.
#[tracing::instrument(name = "lead_source_cost::list", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn list(tx: &Tx, ask: &List) -> Result<Page<Model, (Month, LeadSourceCostId)>> {
    page::check(ask.limit)?;
    let (month, id) = ask.after.clone().unzip();
    let rows = i64::try_from(ask.limit).unwrap_or(i64::MAX).saturating_add(1);
    let question = tx.ask(
        LIST,
        [
            ask.from.as_ref().map(Month::as_str).into(),
            ask.to.as_ref().map(Month::as_str).into(),
            rows.into(),
            month.as_ref().map(Month::as_str).into(),
            id.map(|id| id.0).into(),
        ],
    );
    let found = Model::find_by_statement(question).all(tx).await?;
    let page = Page::new(found, ask.limit, |cost: &Model| (cost.period.clone(), cost.id));
    tracing::Span::current().record("rows", page.items.len());
    Ok(page)
}
