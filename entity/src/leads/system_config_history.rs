//! Who changed what was settled, when, why, and what it was before.

use sea_orm::entity::prelude::*;

use super::system_config::Key;
use crate::{
    id::{SystemConfigHistoryId, TenantId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// One row of `system_config_history`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "system_config_history")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SystemConfigHistoryId,

    pub config_key: Key,
    /// Null: it was not set, and read as its default.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub old_value: Option<Json>,
    #[sea_orm(column_type = "JsonBinary")]
    pub new_value: Json,
    /// `user:<id>` or `system:<name>`.
    #[sea_orm(column_type = "Text")]
    pub actor: String,
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    pub changed_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Append;
    const SEALED: bool = true;

    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Key>("system_config_history_config_key_known", "config_key"),
            Check::length("system_config_history_reason_length", "reason", 500),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::new(
            "system_config_history_of_key",
            "tenant_id, config_key, changed_at desc, id desc",
        )]
    }
}
