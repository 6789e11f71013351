//! Two leads that turned out to be one person, and what it takes to part them again.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use super::{lead::Status, lead_link::Kind};
use crate::{
    id::{LeadId, LeadLinkId, LeadMergeId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// A column of the kept lead that the merge wrote: what it was, and what it became.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The column.
    pub field: String,
    /// What it held before.
    pub was: Json,
    /// What the merge put there.
    pub becomes: Json,
}

/// What the merge did to a link of the folded lead's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It begins at the kept lead now.
    From,
    /// It leads to the kept lead now.
    To,
    /// It holds both ways, began at the folded lead, and leads to the kept one now.
    FromTurned,
    /// It holds both ways, led to the folded lead, and begins at the kept one now.
    ToTurned,
    /// It ended: the kept lead had the same one, was its other end, or would have come back to itself.
    Ended,
}

/// A link of the folded lead's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedLink {
    /// Which.
    pub id: LeadLinkId,
    /// What it says.
    pub kind: Kind,
    /// What became of it.
    pub how: How,
}

/// What a merge did, in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Changes {
    /// The kept lead's columns.
    pub kept: Vec<Change>,
    /// Who the folded lead was, column by column, so that nothing of it is lost to the eye.
    pub folded: std::collections::BTreeMap<String, Json>,
    /// The status of the kept lead before, if the merge changed it.
    pub status_was: Option<Status>,
    /// The tags that the folded lead brought.
    pub tags: Vec<String>,
    /// The links.
    pub links: Vec<MovedLink>,
}

/// One row of `lead_merges`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_merges")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LeadMergeId,
    /// The lead that goes on.
    pub kept_lead_id: LeadId,
    /// The lead that is deleted in its favour.
    pub folded_lead_id: LeadId,

    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    /// Null: the person was erased, and nothing can be undone.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub changes: Option<Changes>,
    /// `user:<id>` or `system:<name>`.
    #[sea_orm(column_type = "Text")]
    pub actor: String,
    /// By value; null: a program did it.
    pub merged_by: Option<UserId>,
    pub merged_at: DateTimeUtc,
    pub undone_at: Option<DateTimeUtc>,
    pub undone_by: Option<UserId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub undo_reason: Option<String>,

    #[sea_orm(
        belongs_to,
        relation_enum = "Kept",
        from = "(tenant_id, kept_lead_id)",
        to = "(tenant_id, id)"
    )]
    pub kept: BelongsTo<super::lead::Entity>,
    #[sea_orm(
        belongs_to,
        relation_enum = "Folded",
        from = "(tenant_id, folded_lead_id)",
        to = "(tenant_id, id)"
    )]
    pub folded: BelongsTo<super::lead::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::new("lead_merges_two_leads", "kept_lead_id <> folded_lead_id"),
            Check::length("lead_merges_reason_length", "reason", 500),
            Check::length("lead_merges_undo_reason_length", "undo_reason", 500),
            Check::new(
                "lead_merges_undone_after",
                "undone_at >= merged_at and (undone_by is null or undone_at is not null)",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            // A lead is folded into one other at a time.
            Index::unique("lead_merges_live", "tenant_id, folded_lead_id")
                .with("where undone_at is null"),
            Index::new("lead_merges_of_kept", "tenant_id, kept_lead_id, id"),
            Index::new("lead_merges_of_folded", "tenant_id, folded_lead_id, id"),
        ]
    }
}
