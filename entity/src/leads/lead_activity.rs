//! Something that happened between us and a lead, once for each event that another system tells of.
//!
//! What was said in a call is read for what it says of the person's intent, and not kept. What is kept
//! in words goes when the person is erased.

use sea_orm::{ActiveEnum, Iterable, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    id::{LeadActivityId, LeadId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Trigger, Verbs},
};

/// What happened.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A call, whether or not somebody answered.
    Call,
    /// We wrote a text message.
    SmsSent,
    /// They answered one, or wrote of themselves.
    SmsReply,
    /// We wrote an e-mail.
    EmailSent,
    /// They opened it.
    EmailOpened,
    /// They followed a link in it.
    EmailClicked,
    /// They answered it, or wrote of themselves.
    EmailReply,
    /// We met.
    Meeting,
    /// Somebody wrote something down.
    Note,
}

/// Who began it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// They.
    Inbound,
    /// We.
    Outbound,
}

/// How a call ended.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// We spoke.
    Connected,
    /// A machine answered.
    Voicemail,
    /// Nobody did.
    NoAnswer,
    Busy,
    /// Somebody else did.
    WrongNumber,
}

/// What an activity says of the person's interest.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// They answered.
    Reply,
    /// They opened a mail.
    Opened,
    /// They followed a link.
    Clicked,
    /// In a call they said that they are interested.
    Interest,
    /// They asked something.
    Questions,
    /// They want to be called again.
    Callback,
    /// They objected, and it was dealt with.
    Handled,
    /// They want nothing of it.
    Objection,
}

/// One row of `lead_activities`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_activities")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LeadActivityId,
    pub lead_id: LeadId,
    /// Whoever of us did it; null: a program, or nobody.
    pub user_id: Option<UserId>,

    pub activity_type: Kind,
    /// Null for notes.
    pub direction: Option<Direction>,
    pub occurred_at: DateTimeUtc,
    /// What another system knows the event by; null: nobody else does.
    #[sea_orm(column_type = "Text", nullable)]
    pub external_id: Option<String>,
    /// Of calls alone.
    pub outcome: Option<Outcome>,
    /// Of calls and meetings; null: not known.
    pub duration_seconds: Option<i32>,
    /// What was written down.
    #[sea_orm(column_type = "Text", nullable)]
    pub notes: Option<String>,
    /// How many characters were read of what was said in a call; null: nothing was.
    pub transcript_length: Option<i32>,
    /// What it says of the person's interest, in order of the alphabet.
    #[sea_orm(column_type = "Array(sea_orm::sea_query::RcOrArc::new(ColumnType::Text))")]
    pub signals: Vec<String>,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "(tenant_id, lead_id)", to = "(tenant_id, id)")]
    pub lead: BelongsTo<super::lead::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Kind>("lead_activities_activity_type_known", "activity_type"),
            Check::one_of::<Direction>("lead_activities_direction_known", "direction"),
            Check::new(
                "lead_activities_direction_unless_note",
                "(activity_type = 'note') = (direction is null)",
            ),
            Check::one_of::<Outcome>("lead_activities_outcome_known", "outcome"),
            Check::new(
                "lead_activities_outcome_of_call",
                "(activity_type = 'call') = (outcome is not null)",
            ),
            Check::new(
                "lead_activities_duration_range",
                "duration_seconds is null or duration_seconds between 0 and 86400 \
                 and activity_type in ('call', 'meeting')",
            ),
            Check::length("lead_activities_external_id_length", "external_id", 200),
            Check::length("lead_activities_notes_length", "notes", 10_000),
            Check::new(
                "lead_activities_transcript_of_call",
                "transcript_length is null or transcript_length between 1 and 3000 \
                 and outcome is not distinct from 'connected'",
            ),
            Check::new("lead_activities_signals_known", {
                let known: Vec<_> =
                    Signal::iter().map(|signal| format!("'{}'", signal.to_value())).collect();
                format!("signals <@ array[{}]", known.join(", "))
            }),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new("lead_activities_of_lead", "tenant_id, lead_id, occurred_at desc, id desc"),
            Index::new(
                "lead_activities_noted",
                "tenant_id, lead_id, occurred_at desc, id desc",
            )
            .with(
                "where activity_type in ('note', 'email_opened', 'email_clicked', 'email_reply', \
                 'sms_reply')",
            ),
            Index::new(
                "lead_activities_spoken",
                "tenant_id, lead_id, occurred_at desc, id desc",
            )
            .with("where outcome = 'connected'"),
            Index::unique("lead_activities_once", "tenant_id, external_id")
                .with("where external_id is not null"),
        ]
    }

    fn triggers() -> Vec<Trigger> {
        vec![
            Trigger::new(
                "redacted",
                "before update",
                "execute function keel.redact_only('notes', 'external_id')",
            ),
            Trigger::new(
                "kept",
                "before delete",
                "execute function keel.refuse_change('lead_activities')",
            ),
        ]
    }
}
