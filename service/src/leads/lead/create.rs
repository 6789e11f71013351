//! New leads.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use entity::{
    email::Email,
    id::{LeadId, LeadStatusHistoryId, UserId},
    leads::{
        lead::{ActiveModel, Metadata, Model, Status},
        lead_status_history, lead_tag,
    },
    phone::{Parsed, Phone},
    zone::Zone,
};
use sea_orm::Set;
use serde_json::Value as Json;
use validator::Validate;

use super::{Because, Note, note, status::row, word};
use crate::{
    Error, Result, Tx, input,
    outreach::{consent::Subject, dnc, suppression},
};

/// How many tags a lead has at the most.
pub const MOST_TAGS: usize = 50;

/// A lead to be made.
#[derive(Clone, Debug, Validate)]
pub struct New {
    /// Their first name.
    #[validate(custom(function = input::named), length(max = 100))]
    pub first_name: String,
    /// Their last name.
    #[validate(custom(function = input::named), length(max = 100))]
    pub last_name: String,
    /// Their number, as it was given; one without a country code is dialled in the tenant's region.
    #[validate(length(max = 64, message = "not a telephone number"))]
    pub phone: String,
    /// Where mail reaches them.
    pub email: Option<Email>,
    /// Street and house.
    #[validate(custom(function = input::named), length(max = 500))]
    pub address: Option<String>,
    /// Town.
    #[validate(custom(function = input::named), length(max = 100))]
    pub city: Option<String>,
    /// State or province, by its usual short name (`FL`).
    #[validate(custom(function = input::named), length(max = 50))]
    pub state: Option<String>,
    /// Postal code.
    #[validate(custom(function = input::named), length(max = 20))]
    pub zip: Option<String>,
    /// Two letters; `None`: the tenant's region.
    #[validate(custom(function = input::region))]
    pub country: Option<String>,
    /// Where they are; `None`: nobody knows.
    pub time_zone: Option<Zone>,
    /// Where they come from: `referral`, `facebook_ads`.
    #[validate(custom(function = input::named), length(max = 100))]
    pub source: Option<String>,
    /// The campaign, the event, the vendor.
    #[validate(custom(function = input::named), length(max = 100))]
    pub sub_source: Option<String>,
    /// What else is known of that.
    pub source_metadata: Option<Json>,
    /// Up to fifty, of up to fifty characters; case and blanks around them do not matter.
    pub tags: Vec<String>,
    /// What else there is to know.
    #[validate(custom(function = input::named), length(max = 10_000))]
    pub notes: Option<String>,
    /// Whose lead it is; `None`: nobody's yet.
    pub user_id: Option<UserId>,
}

impl New {
    /// Somebody of whom nothing is known but a name and a number.
    #[must_use]
    pub fn named(first_name: &str, last_name: &str, phone: &str) -> Self {
        Self {
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            phone: phone.to_owned(),
            email: None,
            address: None,
            city: None,
            state: None,
            zip: None,
            country: None,
            time_zone: None,
            source: None,
            sub_source: None,
            source_metadata: None,
            tags: vec![],
            notes: None,
            user_id: None,
        }
    }
}

/// Makes a lead, in status `new`; or in status `dnc`, if the number is on the do-not-call list for
/// good.
///
/// # Errors
///
/// [`Error::Conflict`] if another lead has the number; [`Error::Invalid`] if it cannot be read, or
/// something else breaks its rule; [`Error::NotFound`] if the tenant has no such user;
/// [`Error::Denied`] if the person was erased and must not come back.
#[tracing::instrument(name = "lead::create", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn create(tx: &Tx, new: New) -> Result<Model> {
    let parsed = Phone::parse(new.phone.trim(), &tx.tenant().await?.phone_region)
        .map_err(|_| Error::invalid("phone", "not a telephone number"))?;
    let fresh = Fresh::checked(new, parsed)?;
    dnc::hold(tx, &fresh.phone).await?;
    let email = fresh.new.email.clone().map(Subject::Email);
    let who: Vec<_> = std::iter::once(Subject::Phone(fresh.phone.clone())).chain(email).collect();
    if suppression::holds(tx, &who).await?.contains(&true) {
        return Err(Error::Denied("the person was erased, and must not come back".into()));
    }
    let because = Because::manual(None);
    let made = add_many(tx, vec![fresh], &because).await?;
    made.into_iter().next().ok_or_else(|| Error::conflict("another lead has that number"))
}

/// A lead to be made that has been found good.
#[derive(Clone, Debug)]
pub(crate) struct Fresh {
    pub new: New,
    pub phone: Phone,
    pub extension: Option<String>,
    /// What it has come to elsewhere; never `dnc`, which only the list makes it.
    pub status: Status,
    pub last_contact_date: Option<DateTime<Utc>>,
}

impl Fresh {
    /// Checks everything that needs no database.
    pub(crate) fn checked(mut new: New, number: Parsed) -> Result<Self> {
        input::check(&new)?;
        new.tags = tags(&new.tags)?;
        Ok(Self {
            new,
            phone: number.phone,
            extension: number.extension,
            status: Status::New,
            last_contact_date: None,
        })
    }
}

/// Tags as they are kept: in lower case, without blanks around them, each once, in the order of the
/// alphabet.
///
/// # Errors
///
/// [`Error::Invalid`] if there are more than fifty, or one is empty or longer than fifty characters.
pub fn tags(given: &[String]) -> Result<Vec<String>> {
    let mut kept = BTreeSet::new();
    for tag in given {
        let tag = tag.trim().to_lowercase();
        input::text("tags", &tag, 50)?;
        kept.insert(tag);
    }
    if kept.len() > MOST_TAGS {
        return Err(Error::invalid("tags", format!("must not be more than {MOST_TAGS}")));
    }
    Ok(kept.into_iter().collect())
}

/// Makes those of many leads whose numbers no lead has, and says which. Those whose numbers are on
/// the do-not-call list for good come into status `dnc`; whoever is listed at this very moment is put into it by
/// whoever lists them, if the number was [held](dnc::hold), and refused by `dnc::clear` in any case.
pub(crate) async fn add_many(tx: &Tx, fresh: Vec<Fresh>, because: &Because) -> Result<Vec<Model>> {
    because.check()?;
    let region = tx.tenant().await?.phone_region.clone();
    let phones: Vec<_> = fresh.iter().map(|lead| lead.phone.clone()).collect();
    let listed = dnc::listed_among(tx, &phones).await?;
    let before: HashMap<_, _> =
        fresh.iter().map(|lead| (lead.phone.clone(), lead.status)).collect();
    let rows = fresh.into_iter().map(|lead| {
        let is_listed = listed.contains(&lead.phone);
        into_row(tx, lead, is_listed, &region)
    });
    let made = tx.insert_new(rows.collect()).await?;
    let tagged = made.iter().flat_map(tag_rows);
    tx.insert_many(tagged.collect()).await?;
    word::add(tx, &made).await?;
    let first = |lead: &Model| lead.phone_number.as_ref().and_then(|phone| before.get(phone));
    let entered = made
        .iter()
        .flat_map(|lead| history(tx, lead, first(lead).copied().unwrap_or(Status::New), because));
    tx.insert_many(entered.collect()).await?;
    let said = made.iter().map(|lead| Note {
        lead: lead.id,
        version: 1,
        field: "created",
        old: None,
        new: lead.source.clone(),
    });
    note(tx, said.collect(), because.reason.as_deref()).await?;
    Ok(made)
}

fn into_row(tx: &Tx, lead: Fresh, is_listed: bool, region: &str) -> ActiveModel {
    let Fresh { new, phone, extension, status, last_contact_date } = lead;
    ActiveModel {
        id: Set(LeadId::new()),
        user_id: Set(new.user_id),
        first_name: Set(new.first_name.trim().to_owned()),
        last_name: Set(new.last_name.trim().to_owned()),
        phone_number: Set(Some(phone)),
        phone_extension: Set(extension),
        email: Set(new.email),
        address: Set(new.address),
        city: Set(new.city),
        state: Set(new.state),
        zip: Set(new.zip),
        country: Set(new.country.or_else(|| Some(region.to_owned()))),
        time_zone: Set(new.time_zone),
        source: Set(new.source),
        sub_source: Set(new.sub_source),
        source_metadata: Set(new.source_metadata.map(Metadata)),
        tags: Set(new.tags),
        notes: Set(new.notes),
        status: Set(if is_listed { Status::Dnc } else { status }),
        status_since: Set(tx.now()),
        last_contact_date: Set(last_contact_date),
        calling_blocked: Set(is_listed),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    }
}

/// A listed lead had another status first, which is what it comes back to from the list.
fn history<'a>(
    tx: &'a Tx,
    lead: &'a Model,
    first: Status,
    because: &'a Because,
) -> impl Iterator<Item = lead_status_history::ActiveModel> + use<'a> {
    let is_listed = lead.status == Status::Dnc;
    let mut entered = row(tx, lead.id, None, first, because);
    entered.left_at = Set(is_listed.then(|| tx.now()));
    let second = is_listed.then(|| row(tx, lead.id, Some(first), Status::Dnc, because));
    let second = second.map(|row| lead_status_history::ActiveModel {
        id: Set(LeadStatusHistoryId::new()), // after the first
        ..row
    });
    std::iter::once(entered).chain(second)
}

pub(super) fn tag_rows(lead: &Model) -> impl Iterator<Item = lead_tag::ActiveModel> {
    lead.tags.iter().map(|tag| lead_tag::ActiveModel {
        tenant_id: Set(lead.tenant_id),
        tag: Set(tag.clone()),
        lead_id: Set(lead.id),
    })
}
