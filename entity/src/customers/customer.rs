//! A customer: the company that a tenant sells to and looks after, known by its `client_id`.
//!
//! It is the one customer that deals, quotes and health rows all refer to.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    email::Email,
    id::{ClientId, TenantId},
    schema::{Check, TableSpec},
};

/// What the customer pays for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    Starter,
    Standard,
    Professional,
    Enterprise,
}

/// Where the customer is between signing and leaving.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum LifecycleStage {
    Onboarding,
    Active,
    AtRisk,
    Churned,
    Expansion,
    Renewal,
}

/// Which way the account's health is going.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum HealthTrend {
    Improving,
    Stable,
    Declining,
}

/// Whether the customer is one at the moment.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Active,
    Paused,
    Churned,
    Pending,
}

/// One row of `customers`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub client_id: ClientId,

    #[sea_orm(column_type = "Text")]
    pub client_name: String,
    #[sea_orm(column_type = "Text")]
    pub company_name: String,
    #[sea_orm(column_type = "Text", default_value = "Technology")]
    pub industry: String,
    /// Per year, in the tenant's currency.
    #[sea_orm(column_type = "Decimal(Some((14, 2)))", default_value = 0)]
    pub contract_value: Decimal,
    pub contract_start_date: Date,
    /// The last day of the contract, that day included.
    pub contract_end_date: Option<Date>,
    pub renewal_date: Option<Date>,
    #[sea_orm(column_type = "Text", nullable)]
    pub primary_contact_email: Option<Email>,
    #[sea_orm(column_type = "Text", nullable)]
    pub primary_contact_name: Option<String>,
    /// The customer-success manager, by name: not everyone has a login.
    #[sea_orm(column_type = "Text", nullable)]
    pub csm_assigned: Option<String>,

    #[sea_orm(default_value = "standard")]
    pub tier: Tier,
    #[sea_orm(default_value = "onboarding")]
    pub lifecycle_stage: LifecycleStage,
    #[sea_orm(default_value = "active")]
    pub status: Status,
    /// 0 to 100; null until it was computed once.
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub health_score: Option<Decimal>,
    #[sea_orm(default_value = "stable")]
    pub health_trend: HealthTrend,

    pub last_engagement_date: Option<DateTimeUtc>,
    pub deleted_at: Option<DateTimeUtc>,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "tenant_id", to = "id")]
    pub tenant: BelongsTo<crate::tenancy::tenant::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::new("customers_client_id_form", "client_id ~ '^cs_[0-9]+_[a-z0-9_]+$'"),
            Check::length("customers_client_id_length", "client_id", 100),
            Check::length("customers_client_name_length", "client_name", 200),
            Check::length("customers_company_name_length", "company_name", 200),
            Check::one_of::<Tier>("customers_tier_known", "tier"),
            Check::one_of::<LifecycleStage>("customers_lifecycle_stage_known", "lifecycle_stage"),
            Check::one_of::<Status>("customers_status_known", "status"),
            Check::one_of::<HealthTrend>("customers_health_trend_known", "health_trend"),
            Check::new("customers_health_score_range", "health_score between 0 and 100"),
            // An upper bound too: NaN is above every number, and so refused.
            Check::new(
                "customers_contract_value_range",
                "contract_value between 0 and 999999999999.99",
            ),
            Check::new("customers_contract_order", "contract_end_date > contract_start_date"),
        ]
    }
}
