//! A person who was erased: that it was done, when and by whom, and how much of what, without a word
//! of who they were.
//!
//! It names the person's row by its id, by value; once the row is erased, the id tells nobody
//! anything.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    id::{ErasureId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// What kind of row the person was known by.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A lead.
    Lead,
    /// A contact.
    Contact,
}

/// What was done to one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The table.
    pub table: String,
    /// How many rows went.
    pub deleted: i64,
    /// How many rows lost what told who the person was.
    pub emptied: i64,
    /// How many rows stay as they are.
    pub kept: i64,
}

/// What was done, table by table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Counts(pub Vec<Count>);

/// One row of `erasures`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "erasures")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ErasureId,
    pub subject_kind: Kind,
    pub subject_id: Uuid,
    /// Why, in words that do not say who.
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    /// `user:<id>` or `system:<name>`.
    #[sea_orm(column_type = "Text")]
    pub actor: String,
    /// By value; null: a program did it.
    pub erased_by: Option<UserId>,
    pub erased_at: DateTimeUtc,
    #[sea_orm(column_type = "JsonBinary")]
    pub counts: Counts,
    /// Until when the last of what had to stay has to; null: nothing had to until a date.
    pub kept_until: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Append;
    const SEALED: bool = true;

    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Kind>("erasures_subject_kind_known", "subject_kind"),
            Check::length("erasures_reason_length", "reason", 500),
            Check::new("erasures_kept_until_after", "kept_until > erased_at"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::new("erasures_of_subject", "tenant_id, subject_id, id")]
    }
}
