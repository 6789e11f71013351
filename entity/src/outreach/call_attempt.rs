//! Evidence that somebody was called, or was to be: what rolling limits count.
//!
//! Kept for at least five years and never changed. It refers to nothing except by value.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::consent::{Channel, Purpose};
use crate::{
    id::{CallAttemptId, ContactId, TenantId},
    phone::Phone,
    schema::{Check, Index, TableSpec, Verbs},
};

/// What became of it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The dialler was given the number.
    Dialled,
    /// It was not, since something spoke against it at the last moment.
    Refused,
    /// Somebody called by other means, and told us.
    Reported,
}

/// One row of `call_attempts`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "call_attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CallAttemptId,

    #[sea_orm(column_type = "Text")]
    pub phone_number: Phone,
    pub purpose: Purpose,
    pub channel: Channel,
    /// What it was about; null: nobody said, and so it may have been about anything.
    #[sea_orm(column_type = "Text", nullable)]
    pub subject: Option<String>,
    /// Where the called party was taken to be: `US-FL`, or null if nobody knew.
    #[sea_orm(column_type = "Text", nullable)]
    pub place: Option<String>,
    /// By value, as is the contact.
    pub lead_id: Option<Uuid>,
    pub contact_id: Option<ContactId>,
    pub outcome: Outcome,
    /// Whoever called: `user:<id>` or `system:<name>`.
    #[sea_orm(column_type = "Text")]
    pub actor: String,
    pub attempted_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Append;
    const SEALED: bool = true;

    fn checks() -> Vec<Check> {
        vec![
            Check::new("call_attempts_phone_number_form", "phone_number ~ '^\\+[1-9][0-9]{6,14}$'"),
            Check::one_of::<Purpose>("call_attempts_purpose_known", "purpose"),
            Check::one_of::<Channel>("call_attempts_channel_known", "channel"),
            Check::one_of::<Outcome>("call_attempts_outcome_known", "outcome"),
            Check::length("call_attempts_subject_length", "subject", 200),
            Check::length("call_attempts_place_length", "place", 20),
            Check::length("call_attempts_actor_length", "actor", 200),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new(
                "call_attempts_of_number",
                "tenant_id, phone_number, attempted_at desc, id desc",
            ),
            Index::new("call_attempts_of_lead", "tenant_id, lead_id, attempted_at desc, id desc")
                .with("where lead_id is not null"),
        ]
    }
}
