//! What a tenant expects of deals in one stage. A stage without a row has the shipped
//! defaults (`service::sales::deal_stage_config::DEFAULTS`); a row that is inserted by hand and says
//! nothing has 7, 3 and 5, whatever its stage.

use sea_orm::entity::prelude::*;

use super::deal::Stage;
use crate::{
    id::{DealStageConfigId, TenantId},
    schema::{Check, Index, TableSpec},
};

/// One row of `deal_stage_config`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deal_stage_config")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DealStageConfigId,

    pub stage: Stage,
    /// After how many days of silence a deal stalls; null or 0: as the tenant says, else the
    /// stage's own default.
    #[sea_orm(default_value = 7)]
    pub max_days_before_stale: Option<i32>,
    /// Deals of this stage may lie as long as they like.
    #[sea_orm(default_value = false)]
    pub never_stalls: bool,
    /// Days from one follow-up to the next; null: the stage's own default.
    #[sea_orm(default_value = 3)]
    pub follow_up_interval_days: Option<i32>,
    /// How many follow-ups a deal gets in this stage; null: the stage's own
    /// default.
    #[sea_orm(default_value = 5)]
    pub max_follow_ups: Option<i32>,

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
            Check::one_of::<Stage>("deal_stage_config_stage_known", "stage"),
            Check::new("deal_stage_config_stale_range", "max_days_before_stale between 0 and 3650"),
            Check::new(
                "deal_stage_config_interval_range",
                "follow_up_interval_days between 1 and 365",
            ),
            Check::new("deal_stage_config_follow_ups_range", "max_follow_ups between 0 and 100"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::unique("deal_stage_config_stage", "tenant_id, stage")]
    }
}
