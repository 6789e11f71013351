//! Leave to dial one number once.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    id::{CallAttemptId, ContactId, DncCheckId},
    outreach::{
        call_attempt::Outcome,
        consent::{self, Channel},
        dnc_check::{Purpose, Refusal, Verdict},
    },
    phone::Phone,
    zone::Zone,
};
use sea_orm::{ActiveEnum, ConnectionTrait, prelude::Uuid};

use super::{Lock, check::record, facts::Case, lock, parse, place::Whereabouts};
use crate::{Error, Result, Tx};

/// For how long a clearance is good: long enough to hand it to the dialler, and no longer.
pub const CLEARED_FOR_SECONDS: i64 = 30;
const LIMIT: Duration = Duration::from_secs(CLEARED_FOR_SECONDS.unsigned_abs());

/// A number to be called, and what for.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// The number, as it was given.
    pub number: &'a str,
    /// Where the called party is; `None`: nobody knows, and then every zone counts that they, or the
    /// number, may be in.
    pub zone: Option<&'a Zone>,
    /// In which state, by its name or its letters; `None`, or what nobody knows: the rules of all
    /// states count in which the time may be theirs.
    pub state: Option<&'a str>,
    /// What for.
    pub purpose: consent::Purpose,
    /// How.
    pub channel: Channel,
    /// What it is about, which limits on calls are counted by; `None`: every call counts.
    pub subject: Option<&'a str>,
    /// When they last bought something.
    pub bought_at: Option<DateTime<Utc>>,
    /// When they last inquired.
    pub asked_at: Option<DateTime<Utc>>,
    /// The lead that is called, for the record.
    pub lead_id: Option<Uuid>,
    /// The contact that is called, for the record.
    pub contact_id: Option<ContactId>,
}

impl<'a> Ask<'a> {
    /// A call, by a person, about what they have bought or asked for.
    #[must_use]
    pub fn informational(number: &'a str) -> Self {
        Self { purpose: consent::Purpose::Informational, ..Self::marketing(number) }
    }

    /// A call, by a person, to sell something.
    #[must_use]
    pub fn marketing(number: &'a str) -> Self {
        Self {
            number,
            zone: None,
            state: None,
            purpose: consent::Purpose::Marketing,
            channel: Channel::Call,
            subject: None,
            bought_at: None,
            asked_at: None,
            lead_id: None,
            contact_id: None,
        }
    }
}

/// Whether a number may be dialled.
#[derive(Debug)]
pub enum Clearance<'tx> {
    /// It may, once.
    Cleared(ClearedNumber<'tx>),
    /// It may not, for every one of these reasons.
    Refused(Vec<Refusal>),
}

/// Leave to dial one number once, soon, and in this transaction.
///
/// ```no_run
/// use service::outreach::dnc::{Ask, Clearance, Dial, clear};
///
/// # async fn f(db: service::Db, context: service::Context, dialler: impl AsyncFnOnce(&str)) -> service::Result<()> {
/// let ask = Ask::informational("+12065550010");
/// db.run(context, async |tx| match clear(tx, &ask).await? {
///     Clearance::Cleared(number) => match number.dial(tx.now(), async |to| dialler(to.as_str()).await).await? {
///         Dial::Placed(()) => Ok(println!("calling")),
///         Dial::Refused(why) => Ok(println!("not any more: {why:?}")),
///         Dial::Unknown => Ok(println!("ask the dialler")),
///     },
///     Clearance::Refused(why) => Ok(println!("not at all: {why:?}")),
/// })
/// .await
/// # }
/// ```
///
/// Only [`clear`] makes one. It can neither be copied nor stored, and since it is part of the
/// transaction that it was given in, it cannot be taken to another tenant either:
///
/// ```compile_fail,E0599
/// # async fn f(number: service::outreach::dnc::ClearedNumber<'_>) {
/// let twice = number.clone();
/// # }
/// ```
///
/// ```compile_fail,E0451
/// # async fn f(number: service::outreach::dnc::ClearedNumber<'_>, tx: &service::Tx) {
/// let until = tx.now() + chrono::TimeDelta::days(1);
/// let forged = service::outreach::dnc::ClearedNumber { until, ..number };
/// # }
/// ```
///
/// ```compile_fail,E0382
/// # async fn f(number: service::outreach::dnc::ClearedNumber<'_>, now: chrono::DateTime<chrono::Utc>) {
/// let first = number.dial(now, async |_| ()).await;
/// let again = number.dial(now, async |_| ()).await;
/// # }
/// ```
///
/// ```compile_fail,E0521
/// # use service::outreach::dnc::{Ask, Clearance, ClearedNumber, clear};
/// static KEPT: std::sync::Mutex<Option<ClearedNumber<'static>>> = std::sync::Mutex::new(None);
/// # async fn f(tx: &service::Tx) {
/// # let ask = Ask::informational("+12065550010");
/// if let Ok(Clearance::Cleared(number)) = clear(tx, &ask).await {
///     *KEPT.lock().unwrap() = Some(number);
/// }
/// # }
/// ```
///
/// ```compile_fail,E0277
/// # fn f(number: service::outreach::dnc::ClearedNumber<'_>) {
/// let stored = serde_json::to_string(&number);
/// # }
/// ```
///
/// ```compile_fail
/// # use service::outreach::dnc::{Ask, Clearance, clear};
/// # async fn f(db: service::Db, ours: service::Context, theirs: service::Context) {
/// let ask = Ask::informational("+12065550010");
/// // It does not outlive the transaction, so it never reaches the other tenant's.
/// let cleared = db.run(ours, async |tx| clear(tx, &ask).await).await.unwrap();
/// db.run(theirs, async |tx| match cleared {
///     Clearance::Cleared(number) => number.dial(tx.now(), async |_| ()).await.map(drop),
///     Clearance::Refused(_) => Ok(()),
/// }).await.unwrap();
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a number is cleared to be dialled"]
pub struct ClearedNumber<'tx> {
    tx: &'tx Tx,
    case: Case,
    until: DateTime<Utc>,
    /// Time passes, whatever time the caller says it is.
    made: Instant,
}

/// What came of dialling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dial<R> {
    /// The dialler was given the number, and this is its answer.
    Placed(R),
    /// It was not, because in the meantime something spoke against it.
    Refused(Vec<Refusal>),
    /// The dialler was given the number and did not answer in time, so that nobody knows whether it
    /// dialled. It must be asked; the number must not be dialled again as if nothing had happened.
    Unknown,
}

/// Clears a number for one call, or says every reason why it may not be called: it cannot be read,
/// it is on the list or on one of somebody else's, that one is too old, they must not come back, have
/// not agreed to be called so, or have been called often enough; calls to it cost extra, it is the
/// wrong day or time of day where the called party is or may be, or nobody knows where that is.
/// Leaves evidence, whatever it answers.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has not been opened; [`Error::Invalid`] if the zone is unknown, the
/// subject is empty or longer than 200 characters, or an e-mail is asked for.
#[tracing::instrument(name = "dnc::clear", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn clear<'tx>(tx: &'tx Tx, ask: &Ask<'_>) -> Result<Clearance<'tx>> {
    if let Some(subject) = ask.subject {
        crate::input::text("subject", subject, 200)?;
    }
    if ask.channel == Channel::Email {
        return Err(Error::invalid("channel", "does not reach a number"));
    }
    let Some(parsed) = parse(tx, ask.number).await? else {
        let refusals = vec![Refusal::Unparseable];
        record(tx, Purpose::Clear, [(&ask.number, None, refusals.clone())].into_iter()).await?;
        return Ok(Clearance::Refused(refusals));
    };
    let zone = ask.zone.map(|zone| zone.rules().map_err(|e| Error::invalid("zone", e.to_string())));
    let case = Case {
        whereabouts: Whereabouts::new(&parsed.phone, zone.transpose()?, ask.state),
        phone: parsed.phone,
        purpose: ask.purpose,
        channel: ask.channel,
        subject: ask.subject.map(str::to_owned),
        bought_at: ask.bought_at,
        asked_at: ask.asked_at,
        lead_id: ask.lead_id,
        contact_id: ask.contact_id,
    };
    let mut refusals = case.refusals(&case.facts(tx, tx.now()).await?, tx.now());
    if parsed.premium {
        refusals.push(Refusal::Premium);
    }
    let evidence = [(&ask.number, Some(&case.phone), refusals.clone())];
    record(tx, Purpose::Clear, evidence.into_iter()).await?;
    if !refusals.is_empty() {
        return Ok(Clearance::Refused(refusals));
    }
    let until = tx.now() + TimeDelta::seconds(CLEARED_FOR_SECONDS);
    Ok(Clearance::Cleared(ClearedNumber { tx, case, until, made: Instant::now() }))
}

/// Evidence of dialling: the look, and the attempt, which later ones are counted with.
const DIALLED: &str = "
with attempt as (
  insert into call_attempts (tenant_id, id, phone_number, purpose, channel, subject, place, lead_id,
                             contact_id, outcome, actor, attempted_at)
  values ($1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
)
insert into dnc_checks (tenant_id, checked_at, id, number, actor, purpose, verdict, refusals)
values ($1, $2, $14, $4, $12, 'dial', $15, $16::text::text[])";

async fn record_dial(tx: &Tx, case: &Case, refusals: &[Refusal], at: DateTime<Utc>) -> Result<()> {
    let (outcome, verdict) = match refusals {
        [] => (Outcome::Dialled, Verdict::Clear),
        _ => (Outcome::Refused, Verdict::Refused),
    };
    let why: Vec<_> = refusals.iter().map(ActiveEnum::to_value).collect();
    let values = [
        CallAttemptId::new().into(),
        case.phone.as_str().into(),
        case.purpose.to_value().into(),
        case.channel.to_value().into(),
        case.subject.clone().into(),
        case.whereabouts.place().into(),
        case.lead_id.into(),
        case.contact_id.into(),
        outcome.to_value().into(),
        tx.context().actor.to_string().into(),
        at.into(),
        DncCheckId::new().into(),
        verdict.to_value().into(),
        format!("{{{}}}", why.join(",")).into(), // words of ours, and no commas in them
    ];
    tx.execute_raw(tx.ask(DIALLED, values)).await?;
    Ok(())
}

impl ClearedNumber<'_> {
    /// Until when it may be dialled.
    #[must_use]
    pub fn until(&self) -> DateTime<Utc> {
        self.until
    }

    /// Dials, if nothing has come up, and leaves evidence of the attempt: everything is checked once more, at the time `at` of dialling,
    /// and while the dialler runs nobody can be put on the list and be dialled all the same. An
    /// opt-out that comes in the meantime waits until this transaction has ended. So let it end: a
    /// dialler should place the call, and not hold it, and has half a minute to do so.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], and then the dialler was not called.
    #[tracing::instrument(name = "dnc::dial", skip_all, fields(tenant = %self.tx.context().tenant))]
    pub async fn dial<R>(
        self,
        at: DateTime<Utc>,
        dialler: impl AsyncFnOnce(&Phone) -> R,
    ) -> Result<Dial<R>> {
        let Self { tx, case, until, made } = self;
        let counted = if case.is_counted(at) { Lock::DialCounted } else { Lock::Dial };
        lock(tx, &case.phone, counted).await?;
        let mut refusals = case.refusals(&case.facts(tx, at).await?, at);
        if at >= until || at < tx.now() || made.elapsed() >= LIMIT {
            refusals.push(Refusal::ClearanceExpired);
        }
        record_dial(tx, &case, &refusals, at).await?;
        if refusals.is_empty() {
            // The lock must not be lost while the dialler still runs.
            let dialled = tokio::time::timeout(LIMIT, dialler(&case.phone)).await;
            Ok(dialled.map_or(Dial::Unknown, Dial::Placed))
        } else {
            Ok(Dial::Refused(refusals))
        }
    }
}
