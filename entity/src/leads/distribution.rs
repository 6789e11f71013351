//! People among whom leads are distributed, and how.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    id::{DistributionPoolId, TenantId},
    schema::{Check, Index, TableSpec},
};

/// How it is decided whose a lead becomes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Somebody chooses.
    Manual,
    /// Each in turn.
    RoundRobin,
    /// Whoever has the fewest.
    Capacity,
    /// Whoever the state is given to; where nobody is, by capacity.
    Geographic,
    /// Hot leads go to whoever wins most of theirs; the others in turn.
    SkillBased,
}

/// One row of `distribution_pools`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "distribution_pools")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DistributionPoolId,

    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// How leads are distributed unless somebody says otherwise.
    pub strategy: Strategy,
    #[sea_orm(default_value = true)]
    pub active: bool,
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
            Check::length("distribution_pools_name_length", "name", 100),
            Check::one_of::<Strategy>("distribution_pools_strategy_known", "strategy"),
            Check::new("distribution_pools_strategy_decides", "strategy <> 'manual'"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::unique("distribution_pools_name", "tenant_id, name")]
    }
}
