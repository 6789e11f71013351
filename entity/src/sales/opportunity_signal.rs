//! A sign, in what a customer wrote or said, that there is something to win or to lose. The same
//! source gives at most one of each type.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    id::{ClientId, ContactId, OpportunitySignalId, TenantId, UserId},
    schema::{Check, Index, TableSpec},
};

/// Of what.
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
pub enum SignalType {
    Complaint,
    Urgency,
    BudgetMention,
    CompetitorMention,
    Expansion,
    Renewal,
    Upsell,
    Referral,
    ChurnRisk,
}

/// Where it was seen.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum SourceType {
    Email,
    Case,
    Order,
    Deal,
    Call,
}

/// What a sign's strength depends on besides its type. Each may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(default)]
pub struct Context {
    /// How many of the type's words were found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyword_count: Option<i32>,
    /// Whether whoever said it decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_decision_maker: Option<bool>,
    /// How strong the detector took it for by its own numbers, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detector_strength: Option<Decimal>,
    /// The words that were found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
}

/// One row of `opportunity_signals`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "opportunity_signals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OpportunitySignalId,

    pub source_type: SourceType,
    /// What the source is called: the message's id.
    #[sea_orm(column_type = "Text")]
    pub source_id: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub client_id: Option<ClientId>,
    pub contact_id: Option<ContactId>,
    pub signal_type: SignalType,
    /// From 0 to 1.
    #[sea_orm(column_type = "Decimal(Some((3, 2)))", default_expr = "Expr::cust(\"0.5\")")]
    pub signal_strength: Decimal,
    /// What the strength lacks of 1, in hundredths: what the queue is in ascending order of.
    /// Postgres computes it, since no index under row security finds a range of decimals.
    #[sea_orm(extra = "GENERATED ALWAYS AS ((100 - signal_strength * 100)::integer) STORED")]
    pub strength_gap: i32,
    /// The words that it was seen in.
    #[sea_orm(column_type = "Text", nullable)]
    pub extracted_text: Option<String>,
    #[sea_orm(column_type = "JsonBinary", default_expr = "Expr::cust(\"'{}'::jsonb\")")]
    pub context: Context,

    #[sea_orm(default_value = false)]
    pub actioned: bool,
    pub actioned_at: Option<DateTimeUtc>,
    /// By value; null: a program did it.
    pub actioned_by: Option<UserId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub action_taken: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub action_result: Option<String>,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(
        belongs_to,
        from = "(tenant_id, client_id)",
        to = "(tenant_id, client_id)",
        on_delete = "Cascade"
    )]
    pub customer: BelongsTo<Option<crate::customers::customer::Entity>>,
    #[sea_orm(
        belongs_to,
        from = "(tenant_id, contact_id)",
        to = "(tenant_id, id)",
        on_delete = "Cascade"
    )]
    pub contact: BelongsTo<Option<super::contact::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::length("opportunity_signals_action_result_length", "action_result", 2000),
            Check::length("opportunity_signals_action_taken_length", "action_taken", 200),
            Check::new(
                "opportunity_signals_actioned_whole",
                "actioned = (actioned_at is not null) and actioned = (action_taken is not null) \
                 and (actioned or (actioned_by is null and action_result is null))",
            ),
            Check::new("opportunity_signals_context_form", "jsonb_typeof(context) = 'object'"),
            Check::length("opportunity_signals_source_id_length", "source_id", 200),
            Check::one_of::<SourceType>("opportunity_signals_source_known", "source_type"),
            Check::new("opportunity_signals_strength_range", "signal_strength between 0 and 1"),
            Check::length("opportunity_signals_text_length", "extracted_text", 2000),
            Check::one_of::<SignalType>("opportunity_signals_type_known", "signal_type"),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique(
                "opportunity_signals_once",
                "tenant_id, source_type, source_id, signal_type",
            ),
            Index::new("opportunity_signals_of_client", "tenant_id, client_id, created_at desc"),
            Index::new("opportunity_signals_of_contact", "tenant_id, contact_id"),
            Index::new("opportunity_signals_unactioned", "tenant_id, strength_gap, created_at, id")
                .with("where actioned = false"),
            Index::new("opportunity_signals_created", "tenant_id, created_at"),
        ]
    }
}
