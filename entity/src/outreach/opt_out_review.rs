//! Words in which somebody may have asked not to be called any more, and what a person made of them.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    id::{DncId, OptOutReviewId, TenantId},
    phone::Phone,
    schema::{Check, Index, TableSpec, Verbs},
};

/// How sure the words are.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// There is no other way to understand them: the number is listed at once.
    Certain,
    /// They may be one, and nobody is listed until a person says so.
    Review,
}

/// What a person made of it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum State {
    Pending,
    /// They did ask, and the number is listed.
    Confirmed,
    /// They did not.
    Dismissed,
}

/// One row of `opt_out_reviews`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "opt_out_reviews")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OptOutReviewId,

    #[sea_orm(column_type = "Text")]
    pub phone_number: Phone,
    /// The words.
    #[sea_orm(column_type = "Text")]
    pub phrase: String,
    /// The words and what stood around them.
    #[sea_orm(column_type = "Text")]
    pub excerpt: String,
    pub grade: Grade,
    /// Where they were heard: `call_transcript`, `sms`.
    #[sea_orm(column_type = "Text")]
    pub source: String,
    /// The call or message that they stand in.
    #[sea_orm(column_type = "Text", nullable)]
    pub reference: Option<String>,
    /// Whoever heard them: `user:<id>`, or `system:<name>` where a program did.
    #[sea_orm(column_type = "Text")]
    pub heard_by: String,
    pub heard_at: DateTimeUtc,
    /// The entry of the list that was made at once, or on confirmation. By value.
    pub dnc_id: Option<DncId>,

    pub state: State,
    pub decided_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    pub decided_by: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub decided_because: Option<String>,

    #[sea_orm(belongs_to, from = "tenant_id", to = "id")]
    pub tenant: BelongsTo<crate::tenancy::tenant::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::new(
                "opt_out_reviews_phone_number_form",
                "phone_number ~ '^\\+[1-9][0-9]{6,14}$'",
            ),
            Check::length("opt_out_reviews_phrase_length", "phrase", 200),
            Check::length("opt_out_reviews_excerpt_length", "excerpt", 1000),
            Check::one_of::<Grade>("opt_out_reviews_grade_known", "grade"),
            Check::length("opt_out_reviews_source_length", "source", 100),
            Check::length("opt_out_reviews_reference_length", "reference", 200),
            Check::length("opt_out_reviews_heard_by_length", "heard_by", 200),
            Check::one_of::<State>("opt_out_reviews_state_known", "state"),
            Check::new(
                "opt_out_reviews_entry_if_listed",
                "dnc_id is not null or (grade = 'review' and state <> 'confirmed')",
            ),
            Check::new(
                "opt_out_reviews_decided_by_somebody",
                "(state = 'pending') = (decided_at is null) \
                 and (decided_at is null) = (decided_by is null) \
                 and (decided_at is null) = (decided_because is null) \
                 and decided_at >= heard_at",
            ),
            Check::length("opt_out_reviews_decided_by_length", "decided_by", 200),
            Check::length("opt_out_reviews_decided_because_length", "decided_because", 500),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique("opt_out_reviews_pending", "tenant_id, phone_number, phrase, grade")
                .with("where state = 'pending'"),
            Index::new("opt_out_reviews_queue", "tenant_id, heard_at, id")
                .with("where state = 'pending'"),
            Index::new(
                "opt_out_reviews_of_number",
                "tenant_id, phone_number, heard_at desc, id desc",
            ),
        ]
    }
}
