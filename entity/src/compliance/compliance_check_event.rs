//! Something that happened to a compliance check. Each reminder and each step of the ladder is here
//! once, which its key sees to.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use super::{compliance_check::Findings, compliance_schedule::Fields};
use crate::{
    id::{ComplianceCheckEventId, ComplianceCheckId, TenantId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// What happened.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Created,
    /// Who is to complete it changed.
    Assigned,
    Reminder,
    Escalation,
    Validated,
    Completed,
    Waived,
    Skipped,
    Reopened,
    Cancelled,
}

/// What was looked at in the customer's or contact's own row, and what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Evidence {
    pub rule_version: i32,
    /// The columns that had to be filled in.
    pub fields: Fields,
    /// What was wrong with them; nothing where the check was completed.
    pub findings: Findings,
}

/// One row of `compliance_check_events`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "compliance_check_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ComplianceCheckEventId,
    pub check_id: ComplianceCheckId,

    pub kind: Kind,
    /// In which round of the check.
    #[sea_orm(default_value = 1)]
    pub round: i32,
    /// Which reminder, or step of the ladder, of its round, counted from 1.
    pub n: Option<i32>,
    /// Whoever did it: `user:<id>`, `system:<name>`, or `sql`.
    #[sea_orm(column_type = "Text")]
    pub actor: String,
    pub happened_at: DateTimeUtc,
    #[sea_orm(column_type = "Text", nullable)]
    pub notes: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub evidence: Option<Evidence>,

    #[sea_orm(belongs_to, from = "(tenant_id, check_id)", to = "(tenant_id, id)")]
    pub check: BelongsTo<super::compliance_check::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Append;

    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Kind>("compliance_check_events_kind_known", "kind"),
            Check::new(
                "compliance_check_events_step_of_kind",
                "(kind in ('reminder', 'escalation')) = (n is not null) and n > 0 and round > 0",
            ),
            Check::length("compliance_check_events_actor_length", "actor", 200),
            Check::length("compliance_check_events_notes_length", "notes", 5000),
            Check::new(
                "compliance_check_events_evidence_of_kind",
                "(kind in ('validated', 'completed')) = (evidence is not null)",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new(
                "compliance_check_events_of_check",
                "tenant_id, check_id, happened_at desc, id desc",
            ),
            Index::unique(
                "compliance_check_events_step_once",
                "tenant_id, check_id, kind, round, n",
            )
            .with("where kind in ('reminder', 'escalation')"),
        ]
    }
}
