//! Leave to dial one number once.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use entity::{
    outreach::dnc_check::{Purpose, Refusal},
    phone::Phone,
    zone::Zone,
};

use super::{
    Check, Lock,
    check::{listed, record},
    lock, parse,
    window::{is_open, zones_of},
};
use crate::{Error, Result, Tx};

/// For how long a clearance is good: long enough to hand it to the dialler, and no longer.
pub const CLEARED_FOR_SECONDS: i64 = 30;
const LIMIT: Duration = Duration::from_secs(CLEARED_FOR_SECONDS.unsigned_abs());

/// A number to be called.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// The number, as it was given.
    pub number: &'a str,
    /// Where the called party is; `None`: nobody knows, and then every zone counts that the number
    /// may be in.
    pub zone: Option<&'a Zone>,
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
/// let ask = Ask { number: "+12065550010", zone: None };
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
/// # async fn f(tx: &service::Tx, phone: service::entity::phone::Phone) {
/// let (zones, until, made) = (vec![], tx.now(), std::time::Instant::now());
/// let forged = service::outreach::dnc::ClearedNumber { tx, phone, zones, until, made };
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
/// # let ask = Ask { number: "+12065550010", zone: None };
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
/// let ask = Ask { number: "+12065550010", zone: None };
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
    phone: Phone,
    zones: Vec<Tz>,
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
/// it is on the list, calls to it cost extra, it is the wrong time of day where the called party is
/// or may be, or nobody knows where that is. Leaves evidence, whatever it answers.
///
/// # Errors
///
/// [`Error::NotFound`] if the tenant has not been opened; [`Error::Invalid`] if the zone is unknown.
#[tracing::instrument(name = "dnc::clear", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn clear<'tx>(tx: &'tx Tx, ask: &Ask<'_>) -> Result<Clearance<'tx>> {
    let Some(parsed) = parse(tx, ask.number).await? else {
        let refusals = vec![Refusal::Unparseable];
        record(tx, Purpose::Clear, [(&ask.number, None, refusals.clone())].into_iter()).await?;
        return Ok(Clearance::Refused(refusals));
    };
    let zones = match ask.zone {
        Some(zone) => vec![zone.rules().map_err(|e| Error::invalid("zone", e.to_string()))?],
        None => zones_of(&parsed.phone).to_vec(),
    };
    let mut refusals = against(tx, &parsed.phone, &zones, tx.now()).await?;
    if parsed.premium {
        refusals.push(Refusal::Premium);
    }
    let evidence = [(&ask.number, Some(&parsed.phone), refusals.clone())];
    record(tx, Purpose::Clear, evidence.into_iter()).await?;
    if !refusals.is_empty() {
        return Ok(Clearance::Refused(refusals));
    }
    let until = tx.now() + TimeDelta::seconds(CLEARED_FOR_SECONDS);
    Ok(Clearance::Cleared(ClearedNumber {
        tx,
        phone: parsed.phone,
        zones,
        until,
        made: Instant::now(),
    }))
}

async fn against(tx: &Tx, phone: &Phone, zones: &[Tz], at: DateTime<Utc>) -> Result<Vec<Refusal>> {
    let mut refusals = vec![];
    if listed(tx, [phone].into_iter()).await?.values().any(|found| *found != Check::Clear) {
        refusals.push(Refusal::Listed);
    }
    if zones.is_empty() {
        refusals.push(Refusal::UnknownZone);
    } else if !is_open(zones, at) {
        refusals.push(Refusal::OutsideWindow);
    }
    Ok(refusals)
}

impl ClearedNumber<'_> {
    /// Until when it may be dialled.
    #[must_use]
    pub fn until(&self) -> DateTime<Utc> {
        self.until
    }

    /// Dials, if nothing has come up: everything is checked once more, at the time `at` of dialling,
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
        let Self { tx, phone, zones, until, made } = self;
        lock(tx, &phone, Lock::Dial).await?;
        let mut refusals = against(tx, &phone, &zones, at).await?;
        if at >= until || at < tx.now() || made.elapsed() >= LIMIT {
            refusals.push(Refusal::ClearanceExpired);
        }
        let evidence = [(&phone.as_str(), Some(&phone), refusals.clone())];
        record(tx, Purpose::Dial, evidence.into_iter()).await?;
        if refusals.is_empty() {
            // The lock must not be lost while the dialler still runs.
            let dialled = tokio::time::timeout(LIMIT, dialler(&phone)).await;
            Ok(dialled.map_or(Dial::Unknown, Dial::Placed))
        } else {
            Ok(Dial::Refused(refusals))
        }
    }
}
