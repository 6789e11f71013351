//! What was changed about a lead: one row a field, with who and why.
//!
//! Rows are added and never changed, except that both values go when the person is erased. They refer
//! to the lead by value, since they outlive it.

use sea_orm::entity::prelude::*;

use crate::{
    id::{LeadAuditLogId, LeadId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Trigger, Verbs},
};

/// One row of `lead_audit_log`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_audit_log")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LeadAuditLogId,
    pub lead_id: LeadId,
    /// Null: a program did it.
    pub user_id: Option<UserId>,
    /// `user:<id>` or `system:<name>`.
    #[sea_orm(column_type = "Text")]
    pub actor: String,

    /// A column of `leads`, or what was done: `created`, `deleted`, `restored`, `merged`, …
    #[sea_orm(column_type = "Text")]
    pub field_name: String,
    /// Null: there was none, or the person was erased.
    #[sea_orm(column_type = "Text", nullable)]
    pub old_value: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub new_value: Option<String>,
    /// The version of the lead that the change made.
    pub version: i32,
    #[sea_orm(column_type = "Text", nullable)]
    pub change_reason: Option<String>,
    /// Where the request came from, if the caller says.
    #[sea_orm(column_type = "Text", nullable)]
    pub ip_address: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub user_agent: Option<String>,
    pub changed_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::length("lead_audit_log_field_name_length", "field_name", 100),
            Check::new("lead_audit_log_version_range", "version >= 1"),
            Check::length("lead_audit_log_reason_length", "change_reason", 255),
            Check::length("lead_audit_log_ip_address_length", "ip_address", 45),
            Check::length("lead_audit_log_user_agent_length", "user_agent", 500),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new("lead_audit_log_of_lead", "tenant_id, lead_id, version, id"),
            Index::new("lead_audit_log_changed", "tenant_id, changed_at"),
        ]
    }

    fn triggers() -> Vec<Trigger> {
        vec![
            Trigger::new(
                "redacted",
                "before update",
                "execute function keel.redact_only('old_value', 'new_value', 'change_reason', \
                 'ip_address', 'user_agent')",
            ),
            Trigger::new(
                "kept",
                "before delete",
                "execute function keel.refuse_change('lead_audit_log')",
            ),
        ]
    }
}
