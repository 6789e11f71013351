//! A word that a lead is found by: of its names, address, town, tags and notes, in lower case and
//! without accents.

use sea_orm::entity::prelude::*;

use crate::{
    id::{LeadId, TenantId},
    schema::{Check, Index, TableSpec},
};

/// One row of `lead_words`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_words")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub lead_id: LeadId,
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub word: String,

    #[sea_orm(
        belongs_to,
        from = "(tenant_id, lead_id)",
        to = "(tenant_id, id)",
        on_delete = "Cascade"
    )]
    pub lead: BelongsTo<super::lead::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![Check::length("lead_words_word_length", "word", 64)]
    }

    fn indexes() -> Vec<Index> {
        // By bytes, whatever the database sorts texts by: a prefix is then a range.
        vec![Index::new("lead_words_prefix", "tenant_id, word text_pattern_ops, lead_id")]
    }
}
