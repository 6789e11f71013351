//! What became of one row of an imported file.
//!
//! Of what stood in the file it keeps the values of rows that were refused, for whoever mends them,
//! and until they are forgotten; what became a lead is told by the lead.

use std::collections::BTreeMap;

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    id::{LeadId, LeadImportId, TenantId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// What became of it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A lead.
    Imported,
    /// A lead that nobody may call: the number is on the list, or the file says so.
    DoNotCall,
    /// Nothing: an earlier row has the same number.
    DuplicateInFile,
    /// Nothing: a lead has the number already.
    DuplicateOfLead,
    /// Nothing: the person was erased and must not come back.
    Suppressed,
    /// Nothing: it is no lead.
    Invalid,
}

/// What is worth a look, and no obstacle.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// An earlier row, with another number, has the same e-mail address.
    EmailInFile,
    /// A lead with another number has the same e-mail address.
    EmailOfLead,
}

/// Why a lead stayed when its import was reverted.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// Somebody edited it, or moved it on.
    Edited,
    /// Somebody talked to them.
    Contacted,
    /// They became a customer.
    Converted,
    /// It was given to somebody.
    Assigned,
    /// It was merged with another, which has its number now, or was deleted by somebody.
    Gone,
}

/// What stood in the row, by the names of the columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Values(pub BTreeMap<String, String>);

/// One row of `lead_import_rows`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_import_rows")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub import_id: LeadImportId,
    /// Which row of the file, counted from 1, without those that say nothing.
    #[sea_orm(primary_key, auto_increment = false)]
    pub row_no: i32,

    /// Where it begins in the file, counted from 1.
    pub line: i32,
    pub outcome: Outcome,
    /// The lead that it became, or that has the number already.
    pub lead_id: Option<LeadId>,
    /// Why it became none.
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    pub warning: Option<Warning>,
    /// Only of rows that are no lead, and null once they are forgotten.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub row_values: Option<Values>,
    /// Null: it was not reverted, or was taken away.
    pub kept: Option<Kept>,

    #[sea_orm(belongs_to, from = "(tenant_id, import_id)", to = "(tenant_id, id)")]
    pub import: BelongsTo<super::lead_import::Entity>,
    #[sea_orm(belongs_to, from = "(tenant_id, lead_id)", to = "(tenant_id, id)")]
    pub lead: BelongsTo<Option<super::lead::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::new("lead_import_rows_place_range", "row_no >= 1 and line >= 1"),
            Check::one_of::<Outcome>("lead_import_rows_outcome_known", "outcome"),
            Check::new(
                "lead_import_rows_lead_of_outcome",
                "(lead_id is not null) = (outcome in ('imported', 'do_not_call', \
                 'duplicate_of_lead'))",
            ),
            Check::new(
                "lead_import_rows_reason_of_outcome",
                "(reason is not null) = (outcome in ('invalid', 'suppressed', \
                 'duplicate_in_file')) and char_length(reason) between 1 and 2000",
            ),
            Check::one_of::<Warning>("lead_import_rows_warning_known", "warning"),
            Check::new(
                "lead_import_rows_values_of_invalid",
                "row_values is null or outcome = 'invalid'",
            ),
            Check::one_of::<Kept>("lead_import_rows_kept_known", "kept"),
            Check::new(
                "lead_import_rows_kept_of_imported",
                "kept is null or outcome in ('imported', 'do_not_call')",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new("lead_import_rows_of_lead", "tenant_id, lead_id"),
            Index::new("lead_import_rows_odd", "tenant_id, import_id, row_no")
                .with("where outcome <> 'imported'"),
        ]
    }
}
