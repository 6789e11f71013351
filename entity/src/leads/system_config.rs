//! What a tenant has settled about its leads, key by key. A key that is not set reads as its default.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    id::{SystemConfigId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// What can be settled.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// What each component counts for in the score of a lead.
    LeadScoringWeights,
    /// How many leads a partner may have and bring.
    LeadLimits,
    /// How nurture sequences send.
    NurtureSettings,
}

/// One row of `system_config`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "system_config")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SystemConfigId,

    pub config_key: Key,
    /// As it was written, perhaps by a version that knew more than this one.
    #[sea_orm(column_type = "JsonBinary")]
    pub config_value: Json,
    /// By value; null: a program.
    pub updated_by_user_id: Option<UserId>,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "tenant_id", to = "id")]
    pub tenant: BelongsTo<crate::tenancy::tenant::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Key>("system_config_config_key_known", "config_key"),
            Check::new("system_config_config_value_form", "jsonb_typeof(config_value) = 'object'"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::unique("system_config_key", "tenant_id, config_key")]
    }
}
