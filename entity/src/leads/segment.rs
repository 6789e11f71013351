//! A saved filter over leads, and how many it found when it was last asked.

mod filter;
mod json;

use sea_orm::entity::prelude::*;

pub use self::filter::{
    Choice, Condition, DEEPEST, Filter, MOST_CONDITIONS, MOST_TAGS, MOST_VALUES, Moment, Never,
    NumberField, Order, Problem, Tags, TextField, Time, TimeField,
};
use crate::{
    id::{SegmentId, TenantId, UserId},
    schema::{Check, Index, TableSpec},
};

/// One row of `segments`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "segments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SegmentId,
    /// Whose it is.
    pub user_id: UserId,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,

    /// Whom it is about.
    #[sea_orm(column_type = "JsonBinary")]
    pub filter: Filter,
    /// Which filter of this segment's that is, from 1 on.
    #[sea_orm(default_value = 1)]
    pub filter_version: i32,
    /// In which language filters were written then.
    #[sea_orm(default_value = 1)]
    pub grammar: i32,
    /// Everybody of the tenant's may use it.
    #[sea_orm(default_value = false)]
    pub is_public: bool,

    /// How many leads it found; null: it was never counted.
    pub lead_count: Option<i64>,
    pub last_calculated_at: Option<DateTimeUtc>,
    /// The version of the filter that was counted.
    pub counted_version: Option<i32>,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "(tenant_id, user_id)", to = "(tenant_id, id)")]
    pub user: BelongsTo<crate::tenancy::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::length("segments_name_length", "name", 255),
            Check::length("segments_description_length", "description", 2000),
            Check::new("segments_filter_is_an_object", "jsonb_typeof(filter) = 'object'"),
            Check::new("segments_filter_version_range", "filter_version >= 1"),
            Check::new("segments_grammar_first", "grammar = 1"),
            Check::new("segments_lead_count_range", "lead_count >= 0"),
            Check::new(
                "segments_counted_whole",
                "(lead_count is null) = (last_calculated_at is null) \
                 and (lead_count is null) = (counted_version is null)",
            ),
            Check::new(
                "segments_counted_version_range",
                "counted_version between 1 and filter_version",
            ),
        ]
    }

    fn indexes() -> Vec<Index> {
        // For the reference.
        vec![Index::new("segments_of_user", "tenant_id, user_id")]
    }
}
