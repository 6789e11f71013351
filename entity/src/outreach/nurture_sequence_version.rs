//! The steps of a sequence as they were: what is enrolled keeps the version that it was enrolled in.

use sea_orm::entity::prelude::*;

use super::nurture_sequence::Steps;
use crate::{
    id::{NurtureSequenceId, NurtureSequenceVersionId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// One row of `nurture_sequence_versions`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "nurture_sequence_versions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NurtureSequenceVersionId,
    pub sequence_id: NurtureSequenceId,

    /// From 1 on.
    pub version: i32,
    #[sea_orm(column_type = "JsonBinary")]
    pub steps: Steps,
    /// By value; null: a program did.
    pub created_by_user_id: Option<UserId>,
    pub created_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "(tenant_id, sequence_id)", to = "(tenant_id, id)")]
    pub sequence: BelongsTo<super::nurture_sequence::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Append;

    fn checks() -> Vec<Check> {
        vec![
            Check::new("nurture_sequence_versions_version_range", "version >= 1"),
            Check::new(
                "nurture_sequence_versions_steps_form",
                "case jsonb_typeof(steps) when 'array' then jsonb_array_length(steps) between 1 and 50 \
                 else false end",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::unique("nurture_sequence_versions_once", "tenant_id, sequence_id, version")]
    }
}
