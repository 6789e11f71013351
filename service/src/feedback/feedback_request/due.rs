//! Which customers it is time to ask, and whom of them we shall not.

use chrono::{DateTime, Utc};
use entity::{
    feedback::feedback_request::SkipReason,
    id::{ClientId, ContactId, FeedbackRequestId},
};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fatigued_since;
use crate::{Page, Result, Tx, input, page};

/// How many due requests to read.
#[derive(Clone, Debug)]
pub struct Due {
    /// How many to read at once, 1 to 1000.
    pub limit: u64,
    /// Where the page before this one ended.
    pub after: Option<After>,
}

impl Default for Due {
    fn default() -> Self {
        Self { limit: 10, after: None }
    }
}

/// Where a page of due requests ended, and for what time the list was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    as_of: DateTime<Utc>,
    due_since: DateTime<Utc>,
    id: FeedbackRequestId,
}

/// A request that it is time to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct DueRequest {
    /// Which.
    pub id: FeedbackRequestId,
    /// The order that it asks about.
    pub order_id: Uuid,
    /// Whose it was.
    pub client_id: ClientId,
    /// Whom to ask.
    pub contact_id: Option<ContactId>,
    /// When the order was delivered.
    pub delivery_date: DateTime<Utc>,
    /// Since when the request has been due. The list is in order of this.
    pub due_since: DateTime<Utc>,
    /// Why it would be skipped if it were claimed now; `None`: it would be sent.
    pub skip_reason: Option<SkipReason>,
}

/// Why the request `f` to the contact `k` of the customer `c` is not sent, or null; of several
/// reasons the first. Who was asked since the time in the parameter was asked not long ago. Served
/// by `cases_open_of_order`, `dnc_list_live` and `feedback_requests_of_contact`: row by row, and not
/// by `exists`, for which Postgres would rather read all the open cases there are.
macro_rules! skip_reason {
    ($since:literal) => {
        concat!(
            "case
    when c.deleted_at is not null then 'customer_gone'
    when (select true from cases x where x.tenant_id = $1 and x.order_id = f.order_id
            and x.status not in ('resolved', 'closed') limit 1) then 'open_case'
    when f.contact_id is null then 'no_contact'
    when k.deleted_at is not null then 'contact_gone'
    when k.email is null then 'no_email'
    when k.unsubscribed_at is not null then 'unsubscribed'
    when (select true from dnc_list n where n.tenant_id = $1 and n.removed_at is null
            and n.phone_number in (k.phone, k.mobile)
            and (n.expires_at is null or n.expires_at > $2) limit 1) then 'do_not_call'
    when (select true from feedback_requests a where a.tenant_id = $1
            and a.contact_id = f.contact_id and a.sent_at > ",
            $since,
            " limit 1) then 'recently_asked'
end"
        )
    };
}
pub(super) use skip_reason;

/// Served by `feedback_requests_due`. `$3` rows; `$4` and `$5` the cursor: due since, id; `$6` who
/// was asked since then was asked not long ago.
pub const DUE: &str = concat!(
    "select f.id, f.order_id, f.client_id, f.contact_id, f.delivery_date,
       f.scheduled_for as due_since, ",
    skip_reason!("$6::timestamptz"),
    " as skip_reason
from feedback_requests f
join customers c on c.tenant_id = $1 and c.client_id = f.client_id
left join contacts k on k.tenant_id = $1 and k.id = f.contact_id
where f.tenant_id = $1 and f.status = 'pending' and f.scheduled_for <= $2
  and (f.scheduled_for, f.id) > (coalesce($4::timestamptz, '-infinity'),
                                 coalesce($5::uuid, '00000000-0000-0000-0000-000000000000'))
  and c.deleted_at is null
order by f.scheduled_for, f.id limit $3"
);

/// The requests that it is time to send, the longest due first. Those that would be skipped are
/// among them, with the reason, until somebody [claims](super::claim); those of a deleted customer
/// are not.
///
/// # Errors
///
/// [`Error::Invalid`](crate::Error::Invalid) if the limit is not from 1 to 1000.
#[tracing::instrument(name = "feedback_request::due", skip_all, fields(tenant = %tx.context().tenant, rows))]
pub async fn due(tx: &Tx, ask: &Due) -> Result<Page<DueRequest, After>> {
    page::check(ask.limit)?;
    let as_of = ask.after.map_or(tx.now(), |after| after.as_of);
    input::at("after", as_of)?;
    let rows = i64::try_from(ask.limit + 1).unwrap_or(i64::MAX);
    let after = (ask.after.map(|a| a.due_since), ask.after.map(|a| a.id));
    let question = tx.ask_at(
        as_of,
        DUE,
        [rows.into(), after.0.into(), after.1.into(), fatigued_since(as_of).into()],
    );
    let found = DueRequest::find_by_statement(question).all(tx).await?;
    tracing::Span::current().record("rows", found.len());
    let cursor =
        |request: &DueRequest| After { as_of, due_since: request.due_since, id: request.id };
    Ok(Page::new(found, ask.limit, cursor))
}
