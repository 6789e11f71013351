//! What the questions about leads cost, with ten thousand of them.

use std::time::Instant;

use chrono::{Datelike, Months, TimeDelta};
use entity::{
    id::{LeadId, TenantId},
    leads::lead_source_cost::Month,
    zone::Zone,
};
use sea_orm::ConnectionTrait;
use service::{
    Actor, Context, Db, Tx,
    leads::{
        lead::{self, List, Status},
        lead_import::{self, File},
        lead_source_cost::{self, By},
        lead_status_history::{self, Window},
    },
    tenancy::tenant,
};

use tokio_postgres::Client;

use crate::{
    Failable, imports, load,
    table::{Deed, Times},
};

const LEADS: u32 = 10_000;
const ROUNDS: usize = 300;

/// A year of leads, a third of whom were won or lost since.
const YEAR: &str = "
update leads set created_at = created_at - (abs(hashtext(id::text)) % 365) * interval '1 day',
                 source = 's' || abs(hashtext(id::text)) % 8;
update lead_status_history h set changed_at = l.created_at, to_status = 'new', left_at = null
from leads l where l.tenant_id = h.tenant_id and l.id = h.lead_id;
update lead_status_history set left_at = changed_at + interval '1 day'
where abs(hashtext(lead_id::text)) % 3 = 0;
insert into lead_status_history (tenant_id, id, lead_id, from_status, to_status, actor, trigger_type,
                                 changed_at)
select tenant_id, gen_random_uuid(), lead_id, 'new',
       case when abs(hashtext(lead_id::text)) % 2 = 0 then 'recruited' else 'cold' end,
       'system:bench', 'manual', left_at
from lead_status_history where left_at is not null";

/// Asks each of the questions, one at a time.
pub async fn measure(db: &Db, owner: &Client) -> Failable<Vec<Deed>> {
    let context =
        Context { tenant: TenantId::new(), actor: Actor::System("bench"), now: load::now() };
    let table = imports::table(LEADS);
    let file = File::new("leads.csv", table.as_bytes());
    db.run(context.clone(), async |tx| {
        tenant::open(tx, tenant::New::named("Leads", Zone::utc())).await?;
        lead_import::import(tx, &file, &lead_import::Ask::default()).await?;
        tx.execute_unprepared(YEAR).await?;
        for n in 0..8 {
            for back in 0..12 {
                let day = tx.now().date_naive() - Months::new(back);
                let cost = 100 * (n + 1);
                let new = lead_source_cost::New::of(&format!("s{n}"), Month::of(day), cost.into());
                lead_source_cost::record(tx, new).await?;
            }
        }
        Ok(())
    })
    .await?;
    owner.batch_execute("analyze").await?;
    let first = List { limit: 1, ..List::default() };
    let some = db.read(context.clone(), async |tx| lead::list(tx, &first).await).await?;
    let id = some.items.first().map(|lead| lead.id).ok_or("no lead")?;
    let this = Month::of(context.now.date_naive());
    let year =
        Month::of(context.now.date_naive().with_day(1).ok_or("no day")? - TimeDelta::days(330));
    let roi = lead_source_cost::Ask {
        from: year,
        to: this,
        by: By::Source,
        user_id: None,
        revenue_per_recruit: Some(500.into()),
    };
    let mut deeds = vec![];
    for (name, target, question) in [
        ("lead by id", 0.5, Question::One(id)),
        ("leads of a status, 50", 5.0, Question::List),
        ("funnel of 30 days", 10.0, Question::Funnel),
        ("return on sources, 12 months", 20.0, Question::Roi(roi)),
    ] {
        let mut took = vec![];
        for _ in 0..=ROUNDS {
            let began = Instant::now();
            db.read(context.clone(), async |tx| answer(tx, &question).await).await?;
            took.push(began.elapsed());
        }
        took.remove(0); // it had the statements prepared
        deeds.push(Deed::new(name, Times::new(took), Some(target)));
    }
    Ok(deeds)
}

enum Question {
    One(LeadId),
    List,
    Funnel,
    Roi(lead_source_cost::Ask),
}

async fn answer(tx: &Tx, question: &Question) -> service::Result<()> {
    match question {
        Question::One(id) => lead::get(tx, *id).await.map(drop),
        Question::List => {
            let status = Some(Status::Contacted);
            let ask = List { status, min_score: Some(0), ..List::default() };
            lead::list(tx, &ask).await.map(drop)
        }
        Question::Funnel => lead_status_history::funnel(tx, &Window::default()).await.map(drop),
        Question::Roi(ask) => lead_source_cost::roi(tx, ask).await.map(drop),
    }
}
