//! A file of leads that somebody imported, as a whole: what is not here left nothing behind.
//!
//! A file is imported once: while it is not reverted, the same content is the same import.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    id::{LeadImportId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// What kind of file it was.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A table as text, whatever stands between its cells.
    Csv,
    /// The first sheet of a workbook.
    Xlsx,
    /// Objects, in an array or one a line.
    Json,
    /// `KEY: value`, line by line.
    EmailText,
}

/// Whether its leads are there.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Completed,
    /// Somebody took them back, but for those that people had worked with since.
    Reverted,
}

/// What the columns and words were taken for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Mapping(pub Json);

/// One row of `lead_imports`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_imports")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LeadImportId,

    #[sea_orm(column_type = "Text")]
    pub file_name: String,
    /// SHA-256 of the content, in hexadecimal digits.
    #[sea_orm(column_type = "Text")]
    pub file_hash: String,
    /// What the caller knows the request by; null: nothing.
    #[sea_orm(column_type = "Text", nullable)]
    pub idempotency_key: Option<String>,
    pub format: Format,
    #[sea_orm(column_type = "JsonBinary")]
    pub mapping: Mapping,
    /// The source of the leads for which the file says none.
    #[sea_orm(column_type = "Text", nullable)]
    pub source: Option<String>,
    /// Whose leads they became; null: nobody's.
    pub user_id: Option<UserId>,
    /// Columns that nobody knew what to do with, and that were left out.
    #[sea_orm(column_type = "Array(sea_orm::sea_query::RcOrArc::new(ColumnType::Text))")]
    pub ignored_columns: Vec<String>,

    /// How many rows the file has: the sum of the six that follow.
    pub rows: i32,
    pub imported: i32,
    /// Imported too, to be known and not called.
    pub do_not_call: i32,
    pub duplicates_in_file: i32,
    pub duplicates_of_leads: i32,
    pub suppressed: i32,
    pub invalid: i32,

    #[sea_orm(default_value = "completed")]
    pub status: Status,
    pub imported_at: DateTimeUtc,
    /// By value; null: a program did it.
    pub imported_by: Option<UserId>,
    pub reverted_at: Option<DateTimeUtc>,
    pub reverted_by: Option<UserId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub revert_reason: Option<String>,
    /// How many leads the reverting took away; null: it was not reverted.
    pub removed_leads: Option<i32>,
    /// How many it left, since people had worked with them.
    pub kept_leads: Option<i32>,

    #[sea_orm(belongs_to, from = "tenant_id", to = "id")]
    pub tenant: BelongsTo<crate::tenancy::tenant::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::length("lead_imports_file_name_length", "file_name", 255),
            Check::new("lead_imports_file_hash_form", "file_hash ~ '^[0-9a-f]{64}$'"),
            Check::length("lead_imports_key_length", "idempotency_key", 200),
            Check::one_of::<Format>("lead_imports_format_known", "format"),
            Check::length("lead_imports_source_length", "source", 100),
            Check::one_of::<Status>("lead_imports_status_known", "status"),
            Check::new(
                "lead_imports_counts_add_up",
                "rows = imported + do_not_call + duplicates_in_file + duplicates_of_leads \
                 + suppressed + invalid and least(imported, do_not_call, duplicates_in_file, \
                 duplicates_of_leads, suppressed, invalid) >= 0",
            ),
            Check::new(
                "lead_imports_reverted_whole",
                "case status when 'reverted' then reverted_at is not null \
                 and char_length(revert_reason) between 1 and 500 and removed_leads is not null \
                 and kept_leads is not null else reverted_at is null and reverted_by is null \
                 and revert_reason is null and removed_leads is null and kept_leads is null end",
            ),
            Check::new(
                "lead_imports_reverted_counts",
                "removed_leads >= 0 and kept_leads >= 0 \
                 and removed_leads + kept_leads <= imported + do_not_call",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique("lead_imports_file", "tenant_id, file_hash")
                .with("where status <> 'reverted'"),
            Index::unique("lead_imports_key", "tenant_id, idempotency_key"),
            Index::new("lead_imports_latest", "tenant_id, imported_at desc, id desc"),
        ]
    }
}
