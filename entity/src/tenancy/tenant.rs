//! A tenant: one company that uses us, and whose rows no other company may see.
//!
//! Its zone decides what "today" is, its region how a number without a country code is dialled.

use sea_orm::entity::prelude::*;

use crate::{
    id::TenantId,
    schema::{Check, TableSpec, Verbs},
    zone::Zone,
};

/// One row of `tenants`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tenants")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TenantId,

    #[sea_orm(column_type = "Text")]
    pub name: String,
    #[sea_orm(column_type = "Text", default_value = "UTC")]
    pub time_zone: Zone,
    /// Where numbers without a country code are dialled from: two letters, `US`.
    #[sea_orm(column_type = "Text", default_value = "US")]
    pub phone_region: String,
    /// The currency that amounts are in unless they say otherwise: ISO 4217, `USD`.
    #[sea_orm(column_type = "Text", default_value = "USD")]
    pub currency: String,
    /// After how many days of silence a deal stalls where neither it nor its stage says. Null or 0
    /// leaves it to the stage's shipped default.
    pub stall_after_days: Option<i32>,

    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const TENANT: &'static str = "id";
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::length("tenants_name_length", "name", 200),
            Check::new("tenants_phone_region_form", "phone_region ~ '^[A-Z]{2}$'"),
            Check::new("tenants_currency_form", "currency ~ '^[A-Z]{3}$'"),
            Check::new("tenants_stall_after_days_range", "stall_after_days between 0 and 3650"),
        ]
    }
}
