//! Each time that a client was given from one person to another.

use sea_orm::entity::prelude::*;

use super::client_health_score::Zone;
use crate::{
    email::Email,
    id::{ContactOwnerHistoryId, InterventionId, TenantId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// One row of `contact_owner_history`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_owner_history")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ContactOwnerHistoryId,
    #[sea_orm(column_type = "Text")]
    pub client_email: Email,

    /// Null: nobody looked after the client before.
    #[sea_orm(column_type = "Text", nullable)]
    pub old_owner: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub new_owner: String,
    pub changed_at: DateTimeUtc,
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    /// Null: no score was known.
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub health_before: Option<Decimal>,
    pub health_zone_before: Option<Zone>,
    /// As it was when the client was given away once more; null: it has not been.
    #[sea_orm(column_type = "Decimal(Some((5, 2)))", nullable)]
    pub health_after: Option<Decimal>,
    pub health_zone_after: Option<Zone>,
    #[sea_orm(default_value = false)]
    pub triggered_intervention: bool,
    pub intervention_id: Option<InterventionId>,

    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(
        belongs_to,
        from = "(tenant_id, intervention_id)",
        to = "(tenant_id, id)",
        on_delete = "Cascade"
    )]
    pub intervention: BelongsTo<Option<super::intervention::Entity>>,

    #[sea_orm(
        belongs_to,
        from = "(tenant_id, client_email)",
        to = "(tenant_id, email)",
        on_delete = "Cascade"
    )]
    pub client: BelongsTo<super::client_health_score::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::one_of::<Zone>("contact_owner_history_before_known", "health_zone_before"),
            Check::one_of::<Zone>("contact_owner_history_after_known", "health_zone_after"),
            Check::length("contact_owner_history_new_owner_length", "new_owner", 200),
            Check::length("contact_owner_history_reason_length", "reason", 200),
            Check::new("contact_owner_history_changes", "old_owner is distinct from new_owner"),
            Check::new(
                "contact_owner_history_health_range",
                "health_before between 0 and 100 and health_after between 0 and 100",
            ),
            Check::new(
                "contact_owner_history_intervention_whole",
                "triggered_intervention = (intervention_id is not null)",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new(
                "contact_owner_history_of_client",
                "tenant_id, client_email, changed_at desc, id desc",
            ),
            Index::unique("contact_owner_history_intervention", "tenant_id, intervention_id"),
        ]
    }
}
