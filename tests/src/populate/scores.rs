//! A row in every table of what happens to leads, of their scores and of their distribution.

use chrono::TimeDelta;
use entity::id::UserId;
use service::{
    Result, Tx,
    leads::{
        distribution::{self, Join, Strategy},
        lead,
        lead_activity::{self, Kind, New},
        lead_assignment::{self, Ask},
        lead_score::{self, Override, Qualify},
    },
    tenancy::user,
};

/// What somebody who wants to know more says in a call.
pub const INTERESTED: &str =
    "That sounds good. Tell me more: what is it that you do, and how does it work?";

/// Somebody who works for the tenant, by the name before the `@`.
///
/// # Errors
///
/// As [`user::add`].
pub async fn worker(tx: &Tx, name: &str) -> Result<UserId> {
    let new = user::New {
        email: super::email(&format!("{name}@tenant.example")),
        name: name.to_owned(),
        role: "partner".to_owned(),
    };
    Ok(user::add(tx, new).await?.id)
}

pub(super) async fn populate(tx: &Tx) -> Result<()> {
    let ada = lead::create(tx, lead::New::named("Ada", "Lovelace", "+12025550109")).await?;
    let alan = lead::create(tx, lead::New::named("Alan", "Turing", "+12025550110")).await?;
    let hour_ago = tx.now() - TimeDelta::hours(1);
    let call = New {
        external_id: Some("call-1".to_owned()),
        duration_seconds: Some(60),
        ..New::call(hour_ago, Some(INTERESTED))
    };
    lead_activity::record(tx, ada.id, call).await?;
    lead_activity::record(tx, ada.id, New::note(hour_ago, "She replied")).await?;
    lead_activity::record(tx, ada.id, New::plain(Kind::EmailOpened, hour_ago)).await?;
    let answers = Qualify { business_interest: Some(25), ..Qualify::default() };
    lead_score::qualify(tx, ada.id, answers).await?;
    lead_score::compute(tx, &lead_score::Compute::default()).await?;
    let partner = worker(tx, "partner").await?;
    let set = Override {
        score: 77,
        owner: partner,
        reason: "I know her".to_owned(),
        expires_at: tx.now() + TimeDelta::days(7),
    };
    lead_score::set(tx, ada.id, &set).await?;
    let away = tx.now() + TimeDelta::days(100);
    user::absent(tx, partner, away, away + TimeDelta::days(7), Some("a holiday")).await?;
    let new = distribution::New { name: "Everybody".to_owned(), strategy: Strategy::RoundRobin };
    let pool = distribution::open(tx, new).await?;
    let join = Join { max_active: Some(1), ..Join::plain(partner) };
    distribution::join(tx, pool.id, join).await?;
    lead_assignment::assign_many(tx, &[ada.id, alan.id], &Ask::of(pool.id)).await?;
    Ok(())
}
