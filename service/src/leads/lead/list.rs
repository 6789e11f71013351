//! Lists of leads.

use chrono::{DateTime, Utc};
use entity::{
    email::Email,
    id::{LeadId, UserId},
    leads::{
        lead::{Column, Entity, Model, Status},
        lead_tag, lead_word,
    },
    phone::Phone,
};
use sea_orm::{
    ColumnTrait, Condition, ExprTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{BinOper, Expr, Query, SelectStatement},
};
use serde::{Deserialize, Serialize};

use super::fold;
use crate::{Error, Page, Result, Tx, input, page};

/// How many words a search takes into account: the longest.
const WORDS: usize = 5;

/// Whose leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Somebody's.
    User(UserId),
    /// Those that are nobody's yet.
    Nobody,
}

/// In which order leads are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    #[default]
    Newest,
    /// The highest score first; of one score the newest.
    Score,
    /// Those first whom somebody was in touch with last; those whom nobody was are left out.
    LastContact,
}

/// Which leads to list: those of whom everything holds that is said.
#[derive(Clone, Debug)]
pub struct List {
    /// Only those of this status.
    pub status: Option<Status>,
    /// Only this one's.
    pub owner: Option<Owner>,
    /// Only those from this source.
    pub source: Option<String>,
    /// Only those with this tag.
    pub tag: Option<String>,
    /// Only those who have a word beginning with each of these: in their names, address, town, tags
    /// or notes. An address or a number finds who has it.
    pub text: Option<String>,
    /// Only those with at least this score.
    pub min_score: Option<i32>,
    /// In which order.
    pub order: Order,
    /// How many, 1 to 1000.
    pub limit: u64,
    /// Where the page before ended.
    pub after: Option<After>,
}

impl Default for List {
    fn default() -> Self {
        Self {
            status: None,
            owner: None,
            source: None,
            tag: None,
            text: None,
            min_score: None,
            order: Order::Newest,
            limit: 50,
            after: None,
        }
    }
}

/// Where a page of leads ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    id: LeadId,
    score: i32,
    contact: Option<DateTime<Utc>>,
}

/// The tenant's leads.
///
/// # Errors
///
/// [`Error::Invalid`] if the limit is not from 1 to 1000, or the text holds nothing to look for.
#[tracing::instrument(name = "lead::list", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn list(tx: &Tx, ask: &List) -> Result<Page<Model, After>> {
    page::check(ask.limit)?;
    let found = list_query(tx, ask, &tx.tenant().await?.phone_region)?.all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    Ok(Page::new(found, ask.limit, |lead| After {
        id: lead.id,
        score: lead.lead_score,
        contact: lead.last_contact_date,
    }))
}

/// Served by `leads_by_status`, `leads_of_owner`, `leads_by_source`, `leads_by_score`,
/// `leads_by_status_score`, `leads_by_contact`, `leads_of_email`, `leads_phone`, the primary key of
/// `lead_tags` or `lead_words_prefix`, whichever is asked for, and by the primary key if none is.
///
/// # Errors
///
/// As [`list`].
pub fn list_query(tx: &Tx, ask: &List, region: &str) -> Result<Select<Entity>> {
    let mut query = tx
        .find::<Entity>()
        .filter(Column::DeletedAt.is_null())
        .apply_if(ask.status, |query, status| query.filter(Column::Status.eq(status)))
        .apply_if(ask.owner, |query, owner| match owner {
            Owner::User(id) => query.filter(Column::UserId.eq(id)),
            Owner::Nobody => query.filter(Column::UserId.is_null()),
        })
        .apply_if(ask.source.clone(), |query, source| query.filter(Column::Source.eq(source)))
        .apply_if(ask.min_score, |query, score| query.filter(Column::LeadScore.gte(score)))
        .apply_if(ask.tag.clone(), |query, tag| {
            query.filter(Column::Id.in_subquery(tagged(tx, tag.trim().to_lowercase())))
        });
    if let Some(text) = &ask.text {
        query = query.filter(found_by(tx, text, region)?);
    }
    let after = ask.after;
    let query = match ask.order {
        Order::Newest => query.apply_if(after, |q, after| q.filter(Column::Id.lt(after.id))),
        Order::Score => query
            .apply_if(after, |q, after| q.filter(behind(Column::LeadScore, after.score, after.id)))
            .order_by_desc(Column::LeadScore),
        Order::LastContact => query
            .filter(Column::LastContactDate.is_not_null())
            .apply_if(after, |q, after| match after.contact {
                Some(at) => q.filter(behind(Column::LastContactDate, at, after.id)),
                None => q.filter(Expr::value(false)), // the cursor of another order
            })
            .order_by_desc(Column::LastContactDate),
    };
    Ok(query.order_by_desc(Column::Id).limit(ask.limit + 1))
}

fn behind(by: Column, value: impl Into<sea_orm::Value>, id: LeadId) -> Expr {
    let last = Expr::tuple([Expr::value(value), Expr::value(id)]);
    Expr::tuple([Expr::col(by), Expr::col(Column::Id)]).lt(last)
}

fn tagged(tx: &Tx, tag: String) -> SelectStatement {
    Query::select()
        .column(lead_tag::Column::LeadId)
        .from(lead_tag::Entity)
        .and_where(lead_tag::Column::TenantId.eq(tx.context().tenant))
        .and_where(lead_tag::Column::Tag.eq(tag))
        .take()
}

/// Who has a number, an address, or a word beginning with each word of a text.
fn found_by(tx: &Tx, text: &str, region: &str) -> Result<Condition> {
    input::text("text", text, 200)?;
    if let Ok(parsed) = Phone::parse(text.trim(), region) {
        return Ok(Condition::all().add(Column::PhoneNumber.eq(parsed.phone)));
    }
    if let Ok(email) = Email::parse(text) {
        return Ok(Condition::all().add(Column::Email.eq(email)));
    }
    let mut words: Vec<_> = fold(text).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    words.dedup();
    words.truncate(WORDS);
    if words.is_empty() {
        return Err(Error::invalid("text", "holds neither letters nor digits"));
    }
    let has = |word: String| Column::Id.in_subquery(with_word(tx, word));
    Ok(words.into_iter().fold(Condition::all(), |all, word| all.add(has(word))))
}

/// By bytes, as `lead_words_prefix` is sorted: a prefix is a range up to the last character there is.
fn with_word(tx: &Tx, word: String) -> SelectStatement {
    let end = format!("{word}{}", char::MAX);
    let column = || Expr::col(lead_word::Column::Word);
    Query::select()
        .column(lead_word::Column::LeadId)
        .from(lead_word::Entity)
        .and_where(lead_word::Column::TenantId.eq(tx.context().tenant))
        .and_where(column().binary(BinOper::Custom("~>=~"), word))
        .and_where(column().binary(BinOper::Custom("~<~"), end))
        .take()
}
