//! Something that happened to a quote. Each follow-up and each session's view is here once.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    id::{QuoteActivityId, QuoteId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// What happened.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Created,
    Sent,
    Viewed,
    FollowUp,
    Response,
    Outcome,
    Revised,
    Expired,
    /// Its follow-ups ended before it did; `notes` has the reason.
    Stopped,
}

/// One row of `quote_activities`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quote_activities")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: QuoteActivityId,
    pub quote_id: QuoteId,

    pub activity_type: Kind,
    /// Which follow-up it was, counted from 1.
    pub attempt_no: Option<i32>,
    /// The session in which the buyer looked.
    #[sea_orm(column_type = "Text", nullable)]
    pub session: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub notes: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub metadata: Option<Json>,
    /// By value; null: a program, or the buyer.
    pub created_by: Option<UserId>,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,

    #[sea_orm(
        belongs_to,
        from = "(tenant_id, quote_id)",
        to = "(tenant_id, id)",
        on_delete = "Cascade"
    )]
    pub quote: BelongsTo<super::quote::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Append;

    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Kind>("quote_activities_type_known", "activity_type"),
            Check::new(
                "quote_activities_attempt_of_follow_up",
                "(activity_type = 'follow_up') = (attempt_no is not null) and attempt_no > 0",
            ),
            Check::new(
                "quote_activities_session_of_view",
                "(activity_type = 'viewed') = (session is not null) \
                 and char_length(session) between 1 and 200",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new(
                "quote_activities_of_quote",
                "tenant_id, quote_id, created_at desc, id desc",
            ),
            Index::unique("quote_activities_follow_up_once", "tenant_id, quote_id, attempt_no")
                .with("where activity_type = 'follow_up'"),
            Index::unique("quote_activities_view_once", "tenant_id, quote_id, session")
                .with("where activity_type = 'viewed'"),
        ]
    }
}
