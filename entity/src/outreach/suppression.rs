//! Somebody who must not come back: a number or an address of which we have kept a keyed hash only,
//! so that they are recognised when a list with them on it is imported again.

use sea_orm::entity::prelude::*;

use crate::{
    id::{SuppressionId, TenantId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// One row of `suppressions`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "suppressions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SuppressionId,

    /// HMAC-SHA-256 of the number in E.164, or of the address in lower case, by the tenant's own key.
    #[sea_orm(column_type = "Text")]
    pub digest: String,
    /// Why: `erasure`.
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    /// `user:<id>` or `system:<name>`.
    #[sea_orm(column_type = "Text")]
    pub suppressed_by: String,
    pub suppressed_at: DateTimeUtc,
    /// Since when they may come back, because they asked to.
    pub lifted_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    pub lifted_because: Option<String>,

    #[sea_orm(belongs_to, from = "tenant_id", to = "id")]
    pub tenant: BelongsTo<crate::tenancy::tenant::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::new("suppressions_digest_form", "digest ~ '^[0-9a-f]{64}$'"),
            Check::length("suppressions_reason_length", "reason", 100),
            Check::length("suppressions_suppressed_by_length", "suppressed_by", 200),
            Check::new(
                "suppressions_lifting_has_a_reason",
                "(lifted_at is null) = (lifted_because is null) \
                 and lifted_at >= suppressed_at and char_length(lifted_because) between 1 and 500",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique("suppressions_live", "tenant_id, digest")
                .with("include (suppressed_at) where lifted_at is null"),
        ]
    }
}
