//! What came of a quote, recorded once.

use sea_orm::entity::prelude::*;

use super::quote::Outcome;
use crate::{
    id::{QuoteId, QuoteOutcomeId, TenantId, UserId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// One row of `quote_outcomes`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quote_outcomes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: QuoteOutcomeId,
    pub quote_id: QuoteId,

    pub outcome: Outcome,
    #[sea_orm(column_type = "Text", nullable)]
    pub primary_reason: Option<String>,
    #[sea_orm(column_type = "Array(sea_orm::sea_query::RcOrArc::new(ColumnType::Text))", nullable)]
    pub secondary_reasons: Option<Vec<String>>,
    #[sea_orm(column_type = "Text", nullable)]
    pub competitor: Option<String>,
    /// What we asked for, in the quote's currency.
    #[sea_orm(column_type = "Decimal(Some((14, 2)))", nullable)]
    pub our_amount: Option<Decimal>,
    /// What they asked for, in the same currency, as far as we know.
    #[sea_orm(column_type = "Decimal(Some((14, 2)))", nullable)]
    pub competitor_amount: Option<Decimal>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub learnings: Option<Json>,
    pub recorded_at: DateTimeUtc,
    /// By value; null: a program did.
    pub recorded_by: Option<UserId>,

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
            Check::one_of::<Outcome>("quote_outcomes_outcome_known", "outcome"),
            Check::new(
                "quote_outcomes_our_amount_range",
                "our_amount between 0 and 999999999999.99",
            ),
            Check::new(
                "quote_outcomes_competitor_amount_range",
                "competitor_amount between 0 and 999999999999.99",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::unique("quote_outcomes_once", "tenant_id, quote_id")]
    }
}
