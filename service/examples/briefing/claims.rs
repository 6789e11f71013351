//! Ten follow-ups and four workers, none of whom knows of the others.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Instant,
};

use entity::sales::deal_activity::{self, Kind};
use sea_orm::{ColumnTrait, QueryFilter};
use service::{
    Actor, Context, Db,
    sales::deal::{self, Claim, Claims},
};
use tokio::{sync::Barrier, task::JoinSet};

use crate::{
    Failure,
    answers::Reader,
    print::{Paper, Side::Left, good, plain},
};

pub const WORKERS: [&str; 4] = ["Ruth", "Samir", "Toni", "Ute"];
const WANTED: u32 = 10;

/// What the workers share, which is no word about any deal.
struct Shift {
    /// How many follow-ups are still to be sent.
    left: AtomicU32,
    start: Barrier,
}

/// Claims a follow-up, sends it, records it, until enough have been sent.
async fn work(db: Db, context: Context, shift: Arc<Shift>) -> Result<Vec<Claim>, service::Error> {
    let one = Claims { limit: 1, ..Claims::default() };
    let mut sent = vec![];
    shift.start.wait().await;
    while shift.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok() {
        let claimed = db.run(context.clone(), async |tx| deal::claim_follow_ups(tx, &one).await);
        let Some(claim) = claimed.await?.pop() else { break };
        // Here a mail would go out, known by `claim.key()`, outside of any transaction.
        db.run(context.clone(), async |tx| deal::record_follow_up(tx, &claim).await).await?;
        sent.push(claim);
    }
    Ok(sent)
}

pub async fn ten(reader: &Reader<'_>, paper: &mut Paper) -> Result<(), Failure> {
    paper.heading("Ten follow-ups, and four workers at once")?;
    let start = Barrier::new(WORKERS.len());
    let shift = Arc::new(Shift { left: AtomicU32::new(WANTED), start });
    let (mut tasks, began) = (JoinSet::new(), Instant::now());
    for name in WORKERS {
        let context = Context { actor: Actor::System(name), ..reader.context.clone() };
        let work = work(reader.db.clone(), context, Arc::clone(&shift));
        tasks.spawn(async move { (name, work.await) });
    }
    let mut sent = vec![];
    while let Some(done) = tasks.join_next().await {
        let (name, claims) = done?;
        sent.extend(claims?.into_iter().map(|claim| (name, claim)));
    }
    let took = began.elapsed();
    sent.sort_by_key(|(name, _)| *name); // stable: each worker's stay in their order
    let mut last = "";
    let rows = sent.iter().map(|(name, claim)| {
        let first = if *name == last { "" } else { *name };
        last = *name;
        let nth = format!("{} of {}", claim.attempt_no, claim.max_follow_ups);
        let tone = format!("{:?}", claim.tone()).to_lowercase();
        vec![plain(first), plain(&claim.title), plain(nth), plain(tone), good("sent")]
    });
    let columns =
        [("Worker", Left), ("Deal", Left), ("Follow-up", Left), ("Tone", Left), ("", Left)];
    paper.table(&columns, rows.collect())?;
    verify(reader, &sent).await?;
    paper.done("Ten were sent, ten are in the deals' records, and none was taken twice.", took)?;
    Ok(())
}

/// That as many were sent as were to be, each once, by what the workers hold and by the records.
async fn verify(reader: &Reader<'_>, sent: &[(&str, Claim)]) -> Result<(), Failure> {
    let keys: HashSet<_> = sent.iter().map(|(_, claim)| claim.key()).collect();
    let deals: HashSet<_> = sent.iter().map(|(_, claim)| claim.deal_id).collect();
    let recorded = reader.db.read(reader.context.clone(), async |tx| {
        Ok(tx
            .find::<deal_activity::Entity>()
            .filter(deal_activity::Column::DealId.is_in(deals.iter().copied()))
            .filter(deal_activity::Column::ActivityType.eq(Kind::FollowUp))
            .filter(deal_activity::Column::OccurredAt.eq(tx.now()))
            .all(tx)
            .await?)
    });
    let recorded = recorded.await?.len();
    let wanted = WANTED as usize;
    if [sent.len(), keys.len(), deals.len(), recorded] == [wanted; 4] {
        return Ok(());
    }
    let why = format!(
        "{wanted} follow-ups were to be sent once each: {} were, of {} deals, and {recorded} are recorded",
        sent.len(),
        deals.len()
    );
    Err(why.into())
}
