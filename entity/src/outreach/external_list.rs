//! A version of a list that somebody else keeps: who must not be called in a country or a state,
//! whose number has changed hands, which numbers are wireless, who sues.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    id::{ExternalListId, TenantId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// What a list says of the numbers on it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// They asked their country not to be called by those who sell.
    National,
    /// They asked their state.
    State,
    /// Whether a number was disconnected since a date, and so may be somebody else's.
    Rnd,
    /// They are wireless, and machines need more leave to call them.
    Wireless,
    /// They sue.
    Litigator,
}

/// One row of `external_lists`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "external_lists")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ExternalListId,

    pub kind: Kind,
    /// Where it counts: `US`, `US-FL`.
    #[sea_orm(column_type = "Text")]
    pub jurisdiction: String,
    /// Who keeps it, and under what number we have it.
    #[sea_orm(column_type = "Text")]
    pub source: String,
    /// As of when the list is. A scrub is as old as that, whenever we loaded it.
    pub as_of: DateTimeUtc,
    pub loaded_at: DateTimeUtc,
    /// `user:<id>` or `system:<name>`.
    #[sea_orm(column_type = "Text")]
    pub loaded_by: String,
    /// Since when a newer version counts.
    pub superseded_at: Option<DateTimeUtc>,

    #[sea_orm(belongs_to, from = "tenant_id", to = "id")]
    pub tenant: BelongsTo<crate::tenancy::tenant::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Kind>("external_lists_kind_known", "kind"),
            Check::new(
                "external_lists_jurisdiction_form",
                "jurisdiction ~ '^[A-Z]{2}(-[A-Z0-9]{1,3})?$'",
            ),
            Check::new(
                "external_lists_state_is_a_state",
                "kind <> 'state' or jurisdiction like '%-%'",
            ),
            Check::length("external_lists_source_length", "source", 200),
            Check::length("external_lists_loaded_by_length", "loaded_by", 200),
            Check::new("external_lists_loaded_after", "loaded_at >= as_of"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique("external_lists_version", "tenant_id, kind, jurisdiction, as_of"),
            Index::unique("external_lists_live", "tenant_id, kind, jurisdiction")
                .with("where superseded_at is null"),
        ]
    }
}
