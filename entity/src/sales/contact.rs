//! A contact: a person at a customer.

use sea_orm::entity::prelude::*;

use crate::{
    email::Email,
    id::{ClientId, ContactId, TenantId},
    phone::Phone,
    schema::{Check, Index, TableSpec},
    zone::Zone,
};

/// One row of `contacts`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contacts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ContactId,
    #[sea_orm(column_type = "Text")]
    pub client_id: ClientId,

    #[sea_orm(column_type = "Text")]
    pub first_name: String,
    #[sea_orm(column_type = "Text")]
    pub last_name: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub title: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub department: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub email: Option<Email>,
    #[sea_orm(column_type = "Text", nullable)]
    pub phone: Option<Phone>,
    #[sea_orm(column_type = "Text", nullable)]
    pub mobile: Option<Phone>,
    /// Where the person's profile is.
    #[sea_orm(column_type = "Text", nullable)]
    pub linkedin_url: Option<String>,
    /// The person's own site, or the company's, as it was written.
    #[sea_orm(column_type = "Text", nullable)]
    pub website: Option<String>,
    /// Where the person is; null: not known. Mail then keeps the tenant's hours; for calls see
    /// `service::outreach::dnc::clear`.
    #[sea_orm(column_type = "Text", nullable)]
    pub time_zone: Option<Zone>,
    #[sea_orm(column_type = "Text", nullable)]
    pub notes: Option<String>,

    #[sea_orm(default_value = false)]
    pub is_primary: bool,
    /// Since when the person wants no automatic mail from the tenant; null: they have not said so.
    pub unsubscribed_at: Option<DateTimeUtc>,

    pub deleted_at: Option<DateTimeUtc>,
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
    pub customer: BelongsTo<crate::customers::customer::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    fn checks() -> Vec<Check> {
        vec![
            Check::length("contacts_first_name_length", "first_name", 100),
            Check::length("contacts_last_name_length", "last_name", 100),
            Check::new("contacts_email_form", "email = lower(email) and char_length(email) <= 254"),
            Check::new("contacts_phone_form", "phone ~ '^\\+[1-9][0-9]{6,14}$'"),
            Check::new("contacts_mobile_form", "mobile ~ '^\\+[1-9][0-9]{6,14}$'"),
            Check::length("contacts_linkedin_url_length", "linkedin_url", 500),
            Check::length("contacts_website_length", "website", 500),
        ]
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::new("contacts_of_client", "tenant_id, client_id"),
            Index::new("contacts_of_email", "tenant_id, email")
                .with("where email is not null and deleted_at is null"),
        ]
    }
}
