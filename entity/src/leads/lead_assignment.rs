//! A lead that was given to somebody, by whom and why.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use super::distribution::Strategy;
use crate::{
    id::{DistributionPoolId, LeadAssignmentId, LeadId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// Why somebody could not be given a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfit {
    /// They do not work for the tenant any more, or take no leads of the pool.
    Inactive,
    /// They are away.
    Absent,
    /// They have as many as they may have.
    Full,
    /// They cannot do what the lead needs.
    Skill,
    /// Another's territory.
    Territory,
}

/// Somebody who was considered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Who.
    pub user_id: UserId,
    /// How many active leads they had.
    pub active: i64,
    /// How many they may have.
    pub max_active: i64,
    /// Why not they; absent: they could have been.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfit: Option<Unfit>,
}

/// What was known when it was decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Considered {
    /// Who was considered, the first 200 of them.
    pub candidates: Vec<Candidate>,
    /// How many there were.
    pub number: usize,
    /// The state of the lead, where it mattered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What the lead needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
}

/// One row of `lead_assignments`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_assignments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LeadAssignmentId,
    pub lead_id: LeadId,

    /// Null: it was nobody's.
    pub from_user_id: Option<UserId>,
    pub to_user_id: UserId,
    /// Null: a program did it.
    pub assigned_by_user_id: Option<UserId>,
    /// `user:<id>` or `system:<name>`.
    #[sea_orm(column_type = "Text")]
    pub actor: String,
    pub strategy: Strategy,
    /// By value; null: by hand.
    pub pool_id: Option<DistributionPoolId>,
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub metadata: Option<Considered>,
    pub assigned_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "(tenant_id, lead_id)", to = "(tenant_id, id)")]
    pub lead: BelongsTo<super::lead::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Append;

    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Strategy>("lead_assignments_strategy_known", "strategy"),
            Check::new("lead_assignments_is_a_change", "from_user_id <> to_user_id"),
            Check::length("lead_assignments_reason_length", "reason", 500),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new("lead_assignments_of_lead", "tenant_id, lead_id, assigned_at desc, id desc"),
            Index::new("lead_assignments_to", "tenant_id, to_user_id, assigned_at, lead_id"),
        ]
    }
}
