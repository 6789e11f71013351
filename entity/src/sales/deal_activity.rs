//! Something that happened to a deal, or that we did about it. Each of our follow-ups is here
//! once, which the key of stage entry and attempt sees to.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    id::{DealActivityId, DealId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Trigger, Verbs},
};

/// What happened.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The buyer wrote, or answered.
    EmailTwoWay,
    /// Somebody spoke with the buyer.
    CallConnected,
    MeetingHeld,
    /// A person of the tenant wrote something down.
    Note,
    /// The buyer opened a quote.
    QuoteViewed,
    FieldEdit,
    Import,
    Enrichment,
    /// Our own automatic follow-up.
    FollowUp,
    /// The sweep found that the deal had stalled; `occurred_at` is when it did.
    Stalled,
}

impl Kind {
    /// Whether it ends a silence. Edits, imports and what we send ourselves do not: else a robot
    /// would put off its own alarm.
    #[must_use]
    pub fn qualifies(self) -> bool {
        matches!(
            self,
            Self::EmailTwoWay
                | Self::CallConnected
                | Self::MeetingHeld
                | Self::Note
                | Self::QuoteViewed
        )
    }
}

/// One row of `deal_activities`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deal_activities")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DealActivityId,
    pub deal_id: DealId,

    pub activity_type: Kind,
    pub occurred_at: DateTimeUtc,
    /// Which follow-up it was, counted from 1 since the deal entered its stage.
    pub attempt_no: Option<i32>,
    /// When the deal had entered the stage that the follow-up was for.
    pub stage_entered_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    pub notes: Option<String>,
    /// By value; null: a program did it.
    pub created_by: Option<UserId>,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,

    #[sea_orm(
        belongs_to,
        from = "(tenant_id, deal_id)",
        to = "(tenant_id, id)",
        on_delete = "Cascade"
    )]
    pub deal: BelongsTo<super::deal::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Append;

    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Kind>("deal_activities_type_known", "activity_type"),
            Check::new(
                "deal_activities_attempt_of_follow_up",
                "(activity_type = 'follow_up') = (attempt_no is not null) \
                 and (attempt_no is null) = (stage_entered_at is null) and attempt_no > 0",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new("deal_activities_of_deal", "tenant_id, deal_id, occurred_at desc, id desc"),
            Index::unique(
                "deal_activities_follow_up_once",
                "tenant_id, deal_id, stage_entered_at, attempt_no",
            )
            .with("where activity_type = 'follow_up'"),
            Index::unique("deal_activities_stalled_once", "tenant_id, deal_id, occurred_at")
                .with("where activity_type = 'stalled'"),
        ]
    }

    fn triggers() -> Vec<Trigger> {
        // As `Kind::qualifies`, which a test holds it to.
        vec![Trigger::new(
            "deal_activity_update",
            "after insert",
            "when (new.activity_type in ('email_two_way', 'call_connected', 'meeting_held', 'note', \
             'quote_viewed')) execute function keel.update_deal_last_activity()",
        )]
    }
}
