//! What a source of leads cost in a month.

use chrono::{Datelike, NaiveDate};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    id::{LeadSourceCostId, TenantId, UserId},
    schema::{Check, Index, TableSpec},
};

/// A month of the calendar: `2024-01`.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType,
)]
#[serde(try_from = "String", into = "String")]
pub struct Month(String);

/// The text is no month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAMonth;

impl Month {
    /// Checks the form, `YYYY-MM`, from 1970 on.
    ///
    /// # Errors
    ///
    /// [`NotAMonth`] if it is no month.
    pub fn parse(text: &str) -> Result<Self, NotAMonth> {
        let first = format!("{text}-01").parse::<NaiveDate>().map_err(|_| NotAMonth)?;
        let same = Self::of(first);
        Some(same).filter(|m| m.0 == text && first.year() >= 1970).ok_or(NotAMonth)
    }

    /// The month that a day is in.
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        Self(format!("{:04}-{:02}", day.year(), day.month()))
    }

    /// As it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its first day.
    #[must_use]
    pub fn first(&self) -> NaiveDate {
        format!("{}-01", self.0).parse().unwrap_or_default()
    }

    /// The month after it.
    #[must_use]
    pub fn next(&self) -> Self {
        Self::of(self.first() + chrono::Months::new(1))
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Display for NotAMonth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not a month: it is written 2024-01")
    }
}

impl std::error::Error for NotAMonth {}

impl TryFrom<String> for Month {
    type Error = NotAMonth;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.0
    }
}

/// One row of `lead_source_costs`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_source_costs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LeadSourceCostId,
    /// Who paid it; null: the tenant as a whole.
    pub user_id: Option<UserId>,
    #[sea_orm(column_type = "Text")]
    pub source: String,
    /// The campaign that it was for; null: it is for the whole source, its campaigns included.
    #[sea_orm(column_type = "Text", nullable)]
    pub sub_source: Option<String>,
    /// In which month.
    #[sea_orm(column_type = "Text")]
    pub period: Month,
    /// How much, in `currency`; the name is the seed's.
    #[sea_orm(column_type = "Decimal(Some((14, 2)))")]
    pub cost_usd: Decimal,
    #[sea_orm(column_type = "Text", default_value = "USD")]
    pub currency: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub notes: Option<String>,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "(tenant_id, user_id)", to = "(tenant_id, id)")]
    pub user: BelongsTo<Option<crate::tenancy::user::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::length("lead_source_costs_source_length", "source", 100),
            Check::length("lead_source_costs_sub_source_length", "sub_source", 100),
            Check::new(
                "lead_source_costs_period_form",
                "period ~ '^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])$'",
            ),
            Check::new("lead_source_costs_cost_usd_range", "cost_usd >= 0 and cost_usd <> 'NaN'"),
            Check::new("lead_source_costs_currency_form", "currency ~ '^[A-Z]{3}$'"),
            Check::length("lead_source_costs_notes_length", "notes", 2000),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            // One row says what one campaign, or one source as a whole, cost one payer in a month.
            Index::unique(
                "lead_source_costs_one",
                "tenant_id, period, source, sub_source, user_id, currency",
            )
            .with("nulls not distinct"),
            Index::new("lead_source_costs_by_month", "tenant_id, period, id"),
            // For the reference.
            Index::new("lead_source_costs_of_user", "tenant_id, user_id"),
        ]
    }
}
