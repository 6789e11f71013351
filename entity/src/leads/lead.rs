//! A lead: a person who may become a customer, with one telephone number that is theirs alone among
//! the tenant's leads.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    email::Email,
    id::{ClientId, ContactId, LeadId, TenantId, UserId},
    phone::Phone,
    schema::{Check, Index, TableSpec, Trigger, Verbs},
    zone::Zone,
};

/// How far the person has come.
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
pub enum Status {
    /// Nobody has talked to them yet.
    New,
    /// Somebody has.
    Contacted,
    /// They could become a customer.
    Qualified,
    /// Not yet, and so they hear from us now and then.
    Nurturing,
    /// They are about to decide.
    Hot,
    /// They want nothing, for now.
    Cold,
    /// They became a customer, or joined.
    Recruited,
    /// They want no calls.
    Dnc,
}

/// What else is known of where the person came from: campaign, form, click.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Metadata(pub Json);

/// One row of `leads`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "leads")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LeadId,
    /// Whose lead it is; null: nobody's yet.
    pub user_id: Option<UserId>,

    #[sea_orm(column_type = "Text")]
    pub first_name: String,
    #[sea_orm(column_type = "Text")]
    pub last_name: String,
    /// Null exactly where the person was erased.
    #[sea_orm(column_type = "Text", nullable)]
    pub phone_number: Option<Phone>,
    /// For display.
    #[sea_orm(column_type = "Text", nullable)]
    pub phone_extension: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub email: Option<Email>,
    #[sea_orm(column_type = "Text", nullable)]
    pub address: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub city: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub state: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub zip: Option<String>,
    /// Two letters, as in ISO 3166.
    #[sea_orm(column_type = "Text", nullable)]
    pub country: Option<String>,
    /// Where the person is; null: not known. For calls see `service::outreach::dnc::clear`.
    #[sea_orm(column_type = "Text", nullable)]
    pub time_zone: Option<Zone>,
    /// `referral`, `facebook_ads`, …
    #[sea_orm(column_type = "Text", nullable)]
    pub source: Option<String>,
    /// The campaign, the event, the vendor.
    #[sea_orm(column_type = "Text", nullable)]
    pub sub_source: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub source_metadata: Option<Metadata>,
    /// As they are shown, in order of the alphabet; `lead_tags` is what is searched.
    #[sea_orm(column_type = "Array(sea_orm::sea_query::RcOrArc::new(ColumnType::Text))")]
    pub tags: Vec<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub notes: Option<String>,

    #[sea_orm(default_value = "new")]
    pub status: Status,
    /// Since when.
    pub status_since: DateTimeUtc,
    /// 0 to 100.
    #[sea_orm(default_value = 0)]
    pub lead_score: i32,
    /// What the score consists of; null: it was never computed.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub lead_score_factors: Option<Metadata>,
    /// When the score is to be computed again; null: at once.
    pub score_due_at: Option<DateTimeUtc>,
    /// From when on months without a contact are counted: when the score last changed or decayed;
    /// null: from when it is next computed.
    pub score_since: Option<DateTimeUtc>,
    /// How many months without a contact the score has decayed for.
    #[sea_orm(default_value = 0)]
    pub score_decay: i32,
    /// When somebody last reached them, or they us; null: never.
    pub last_contact_date: Option<DateTimeUtc>,
    #[sea_orm(default_value = 0)]
    pub interaction_count: i32,
    /// Nobody may call them.
    #[sea_orm(default_value = false)]
    pub calling_blocked: bool,
    /// How often the row has been edited by somebody, from 1 on.
    #[sea_orm(default_value = 1)]
    pub version: i32,

    /// The customer that they became.
    #[sea_orm(column_type = "Text", nullable)]
    pub converted_client_id: Option<ClientId>,
    pub converted_contact_id: Option<ContactId>,
    pub converted_at: Option<DateTimeUtc>,
    /// The lead that it turned out to be the same person as; such a row counts as deleted.
    pub merged_into_id: Option<LeadId>,
    pub deleted_at: Option<DateTimeUtc>,
    /// When all that told who they are was taken out.
    pub erased_at: Option<DateTimeUtc>,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub created_at: DateTimeUtc,
    #[sea_orm(default_expr = "Expr::current_timestamp()")]
    pub updated_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "tenant_id", to = "id")]
    pub tenant: BelongsTo<crate::tenancy::tenant::Entity>,
    #[sea_orm(belongs_to, from = "(tenant_id, user_id)", to = "(tenant_id, id)")]
    pub owner: BelongsTo<Option<crate::tenancy::user::Entity>>,
    #[sea_orm(
        belongs_to,
        from = "(tenant_id, converted_client_id)",
        to = "(tenant_id, client_id)"
    )]
    pub customer: BelongsTo<Option<crate::customers::customer::Entity>>,
    #[sea_orm(belongs_to, from = "(tenant_id, converted_contact_id)", to = "(tenant_id, id)")]
    pub contact: BelongsTo<Option<crate::sales::contact::Entity>>,
    #[sea_orm(
        self_ref,
        relation_enum = "MergedInto",
        from = "(tenant_id, merged_into_id)",
        to = "(tenant_id, id)"
    )]
    pub merged_into: BelongsTo<Option<Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::Keep;

    fn checks() -> Vec<Check> {
        vec![
            Check::length("leads_first_name_length", "first_name", 100),
            Check::length("leads_last_name_length", "last_name", 100),
            Check::new("leads_phone_number_form", "phone_number ~ '^\\+[1-9][0-9]{6,14}$'"),
            Check::new(
                "leads_phone_number_unless_erased",
                "(phone_number is null) = (erased_at is not null)",
            ),
            Check::length("leads_phone_extension_length", "phone_extension", 20),
            Check::new("leads_email_form", "email = lower(email) and char_length(email) <= 254"),
            Check::length("leads_address_length", "address", 500),
            Check::length("leads_city_length", "city", 100),
            Check::length("leads_state_length", "state", 50),
            Check::length("leads_zip_length", "zip", 20),
            Check::new("leads_country_form", "country ~ '^[A-Z]{2}$'"),
            Check::length("leads_source_length", "source", 100),
            Check::length("leads_sub_source_length", "sub_source", 100),
            Check::length("leads_notes_length", "notes", 10_000),
            Check::new("leads_tags_number", "cardinality(tags) <= 50"),
            Check::one_of::<Status>("leads_status_known", "status"),
            Check::new("leads_status_dnc_blocks", "status <> 'dnc' or calling_blocked"),
            Check::new("leads_lead_score_range", "lead_score between 0 and 100"),
            Check::new("leads_score_decay_range", "score_decay >= 0"),
            Check::new("leads_interaction_count_range", "interaction_count >= 0"),
            Check::new("leads_version_range", "version >= 1"),
            Check::new(
                "leads_converted_whole",
                "(converted_client_id is null) = (converted_at is null) \
                 and (converted_contact_id is null or converted_at is not null)",
            ),
            Check::new(
                "leads_merged_is_deleted",
                "merged_into_id is null or deleted_at is not null and merged_into_id <> id",
            ),
            Check::new("leads_erased_is_deleted", "erased_at is null or deleted_at is not null"),
        ]
    }

    fn indexes() -> Vec<Index> {
        const LIVE: &str = "where deleted_at is null";
        vec![
            Index::unique("leads_phone", "tenant_id, phone_number").with(LIVE),
            Index::new("leads_by_status", "tenant_id, status, id").with(LIVE),
            Index::new("leads_of_owner", "tenant_id, user_id, id"),
            Index::new("leads_by_source", "tenant_id, source, id").with(LIVE),
            Index::new("leads_by_score", "tenant_id, lead_score, id").with(LIVE),
            // With all that segments ask of a lead, so that they are counted without its row.
            Index::new("leads_by_status_score", "tenant_id, status, lead_score, id").with(
                "include (source, sub_source, state, city, country, user_id, last_contact_date, \
                 created_at, interaction_count) where deleted_at is null",
            ),
            Index::new("leads_created", "tenant_id, created_at, id").with(
                "include (source, sub_source, user_id, converted_client_id) \
                 where deleted_at is null",
            ),
            Index::new("leads_score_due", "tenant_id, score_due_at, id").with(LIVE),
            Index::new("leads_active_of_owner", "tenant_id, user_id").with(
                "where deleted_at is null and user_id is not null \
                 and status not in ('recruited', 'cold', 'dnc')",
            ),
            Index::new("leads_by_contact", "tenant_id, last_contact_date, id").with(LIVE),
            Index::new("leads_of_email", "tenant_id, email")
                .with("where email is not null and deleted_at is null"),
            // For the references.
            Index::new("leads_of_client", "tenant_id, converted_client_id"),
            Index::new("leads_of_contact", "tenant_id, converted_contact_id"),
            Index::new("leads_merged", "tenant_id, merged_into_id"),
        ]
    }

    fn triggers() -> Vec<Trigger> {
        // What the score is computed from, as `service::leads::lead_score` reads it.
        vec![Trigger::new(
            "score_due",
            "before update",
            "when (new.source is distinct from old.source \
             or new.time_zone is distinct from old.time_zone \
             or new.phone_number is distinct from old.phone_number \
             or new.last_contact_date is distinct from old.last_contact_date \
             or new.deleted_at is distinct from old.deleted_at) \
             execute function keel.lead_score_due()",
        )]
    }
}
