//! The last number that a tenant gave to a case in a year, counted up under the row's lock.

use sea_orm::entity::prelude::*;

use crate::{
    id::TenantId,
    schema::{Check, TableSpec},
};

/// One row of `case_counters`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_counters")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// By the tenant's calendar.
    #[sea_orm(primary_key, auto_increment = false)]
    pub year: i32,

    pub last_number: i64,

    #[sea_orm(belongs_to, from = "tenant_id", to = "id")]
    pub tenant: BelongsTo<crate::tenancy::tenant::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![Check::new("case_counters_range", "last_number > 0 and year between 1970 and 9999")]
    }
}
