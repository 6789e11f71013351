//! A number on a version of somebody else's list, and what that list answers about it.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    id::{ExternalListId, ExternalListNumberId, TenantId},
    phone::Phone,
    schema::{Check, Index, TableSpec, Verbs},
};

/// What a list answers about a number.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It is on the list.
    Listed,
    /// It was disconnected since the date of the consent that was asked about.
    Yes,
    /// It was not.
    No,
    /// Nobody knows, which is not the same as no.
    NoData,
}

/// One row of `external_list_numbers`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "external_list_numbers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ExternalListNumberId,

    pub list_id: ExternalListId,
    #[sea_orm(column_type = "Text")]
    pub phone_number: Phone,
    pub answer: Answer,
    /// The date of the consent that was asked about, where the list is one of numbers reassigned.
    pub consent_date: Option<Date>,

    #[sea_orm(belongs_to, from = "(tenant_id, list_id)", to = "(tenant_id, id)")]
    pub list: BelongsTo<super::external_list::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Append;

    fn checks() -> Vec<Check> {
        vec![
            Check::new(
                "external_list_numbers_phone_number_form",
                "phone_number ~ '^\\+[1-9][0-9]{6,14}$'",
            ),
            Check::one_of::<Answer>("external_list_numbers_answer_known", "answer"),
            Check::new(
                "external_list_numbers_date_if_asked",
                "(answer = 'listed') = (consent_date is null)",
            ),
            Check::new(
                "external_list_numbers_date_range",
                "consent_date between '1970-01-01' and '9999-12-31'",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique(
                "external_list_numbers_once",
                "tenant_id, list_id, phone_number, consent_date",
            )
            .with("nulls not distinct"),
        ]
    }
}
