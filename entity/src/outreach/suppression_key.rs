//! The key by which a tenant's suppressed numbers and addresses are hashed. It is made once, and
//! never changes: under another, nobody would be recognised.

use sea_orm::entity::prelude::*;

use crate::{
    id::{SuppressionKeyId, TenantId},
    schema::{Check, Index, TableSpec, Verbs},
};

/// One row of `suppression_keys`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "suppression_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SuppressionKeyId,

    /// The key as HMAC mixes it in first, in hexadecimal: SHA-256's block of 64 bytes.
    #[sea_orm(column_type = "Text")]
    pub inner_pad: String,
    /// The same as HMAC mixes it in last.
    #[sea_orm(column_type = "Text")]
    pub outer_pad: String,
    pub made_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "tenant_id", to = "id")]
    pub tenant: BelongsTo<crate::tenancy::tenant::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Append;
    const SEALED: bool = true;

    fn checks() -> Vec<Check> {
        vec![Check::new(
            "suppression_keys_pads_form",
            "inner_pad ~ '^[0-9a-f]{128}$' and outer_pad ~ '^[0-9a-f]{128}$'",
        )]
    }

    fn indexes() -> Vec<Index> {
        vec![Index::unique("suppression_keys_one", "tenant_id")]
    }
}
