//! Somebody among whom a pool's leads are distributed.

use sea_orm::entity::prelude::*;

use crate::{
    id::{DistributionMemberId, DistributionPoolId, TenantId, UserId},
    schema::{Check, Index, TableSpec},
};

/// One row of `distribution_members`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "distribution_members")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DistributionMemberId,
    pub pool_id: DistributionPoolId,
    pub user_id: UserId,

    /// How many leads for each one of whoever has 1.
    #[sea_orm(default_value = 1)]
    pub weight: i32,
    /// How many active leads they may have at once; null: as many as the tenant allows.
    pub max_active: Option<i32>,
    /// The states that are theirs, as in `leads.state`, in capitals and in order of the alphabet.
    #[sea_orm(column_type = "Array(sea_orm::sea_query::RcOrArc::new(ColumnType::Text))")]
    pub states: Vec<String>,
    /// What they can do: languages, products; in lower case and in order of the alphabet.
    #[sea_orm(column_type = "Array(sea_orm::sea_query::RcOrArc::new(ColumnType::Text))")]
    pub skills: Vec<String>,
    #[sea_orm(default_value = true)]
    pub active: bool,
    /// How much they are owed, in weights: whoever is owed most has the next turn. While somebody
    /// cannot take leads they are owed nothing more.
    #[sea_orm(default_value = 0)]
    pub owed: i64,
    /// How many leads the pool has given them.
    #[sea_orm(default_value = 0)]
    pub assigned_count: i64,
    pub last_assigned_at: Option<DateTimeUtc>,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "(tenant_id, pool_id)", to = "(tenant_id, id)")]
    pub pool: BelongsTo<super::distribution::Entity>,
    #[sea_orm(belongs_to, from = "(tenant_id, user_id)", to = "(tenant_id, id)")]
    pub user: BelongsTo<crate::tenancy::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::new("distribution_members_weight_range", "weight between 1 and 100"),
            Check::new("distribution_members_max_active_range", "max_active between 0 and 100000"),
            Check::new("distribution_members_states_number", "cardinality(states) <= 100"),
            Check::new("distribution_members_skills_number", "cardinality(skills) <= 50"),
            Check::new("distribution_members_assigned_count_range", "assigned_count >= 0"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique("distribution_members_once", "tenant_id, pool_id, user_id"),
            // For the reference.
            Index::new("distribution_members_of_user", "tenant_id, user_id"),
        ]
    }
}
