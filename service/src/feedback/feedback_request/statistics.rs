//! How many customers were asked, how many answered, and how they sound.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use sea_orm::FromQueryResult;
use serde::Serialize;

use crate::{Error, Result, Tx, input};

/// Which requests to count, by the time of the delivery, which each has from the first.
#[derive(Clone, Debug, Default)]
pub struct Period {
    /// Of what was delivered from then on; `None`: in the 90 days up to the end.
    pub from: Option<DateTime<Utc>>,
    /// Of what was delivered before then; `None`: up to now.
    pub to: Option<DateTime<Utc>>,
}

/// What came of the requests for what was delivered in a time. A rate or a mean of nothing is null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct Statistics {
    /// How many there are.
    pub total: i64,
    /// How many are still to be sent.
    pub pending: i64,
    /// How many were sent and wait for an answer.
    pub sent: i64,
    /// How many were answered, whether or not they had been sent.
    pub responded: i64,
    /// How many were sent and not answered in time, nor since.
    pub expired: i64,
    /// How many were not sent, for a reason.
    pub skipped: i64,
    /// How many answers sound positive.
    pub positive: i64,
    /// How many sound neither so nor so.
    pub neutral: i64,
    /// How many sound negative.
    pub negative: i64,
    /// How many answers came late.
    pub late: i64,
    /// How many answers opened a case.
    pub recovered: i64,
    /// How many requests were ever sent, whatever became of them.
    pub asked: i64,
    /// How many of those were answered.
    pub asked_and_answered: i64,
    /// `responded` in percent of `sent` and `responded`, to two decimals: the seed's rate, which
    /// forgets those that expired.
    pub response_rate_pct: Option<Decimal>,
    /// `asked_and_answered` in percent of `asked`, to two decimals.
    pub asked_response_rate_pct: Option<Decimal>,
    /// The mean score of the answers, from -1 to 1, to two decimals.
    pub avg_sentiment_score: Option<Decimal>,
}

/// Served by `feedback_requests_delivered`. `$3` and `$4` the time of delivery, the second excluded.
pub const STATISTICS: &str = "
select count(*) as total,
       count(*) filter (where f.status = 'pending') as pending,
       count(*) filter (where f.status = 'sent') as sent,
       count(*) filter (where f.status = 'responded') as responded,
       count(*) filter (where f.status = 'expired') as expired,
       count(*) filter (where f.status = 'skipped') as skipped,
       count(*) filter (where f.sentiment = 'positive') as positive,
       count(*) filter (where f.sentiment = 'neutral') as neutral,
       count(*) filter (where f.sentiment = 'negative') as negative,
       count(*) filter (where f.late) as late,
       count(*) filter (where f.service_recovery_triggered) as recovered,
       count(f.sent_at) as asked,
       count(f.sent_at) filter (where f.status = 'responded') as asked_and_answered,
       round(100.0 * count(*) filter (where f.status = 'responded')
             / nullif(count(*) filter (where f.status in ('sent', 'responded')), 0), 2)
           as response_rate_pct,
       round(100.0 * count(f.sent_at) filter (where f.status = 'responded')
             / nullif(count(f.sent_at), 0), 2) as asked_response_rate_pct,
       round(avg(f.sentiment_score), 2) as avg_sentiment_score
from feedback_requests f
where f.tenant_id = $1 and f.delivery_date >= $3::timestamptz and f.delivery_date < $4::timestamptz
  and $2 is not null";

/// What came of the requests for what was delivered in a time.
///
/// # Errors
///
/// [`Error::Invalid`] if the time ends before it begins.
#[tracing::instrument(name = "feedback_request::statistics", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn statistics(tx: &Tx, period: &Period) -> Result<Statistics> {
    let to = period.to.unwrap_or(tx.now());
    input::at("to", to)?;
    let from = period.from.unwrap_or(to - TimeDelta::days(90));
    input::at("from", from)?;
    if from > to {
        return Err(Error::invalid("from", "must not be after the end"));
    }
    let question = tx.ask(STATISTICS, [from.into(), to.into()]);
    let found = Statistics::find_by_statement(question).one(tx).await?;
    found.ok_or(Error::NotFound("statistics"))
}
