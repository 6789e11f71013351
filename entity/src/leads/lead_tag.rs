//! A tag of a lead's, to find the lead by: what `leads.tags` shows, in a form that an index finds
//! under row-level security.

use sea_orm::entity::prelude::*;

use crate::{
    id::{LeadId, TenantId},
    schema::{Check, Index, TableSpec},
};

/// One row of `lead_tags`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_tags")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub tag: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub lead_id: LeadId,

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
        vec![Check::new(
            "lead_tags_tag_form",
            "char_length(tag) between 1 and 50 and tag = lower(btrim(tag))",
        )]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::new("lead_tags_of_lead", "tenant_id, lead_id")]
    }
}
