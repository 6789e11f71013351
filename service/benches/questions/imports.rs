//! What it costs to import a file of leads.

use std::time::Instant;

use entity::{id::TenantId, zone::Zone};
use service::{
    Actor, Context, Db,
    leads::lead_import::{self, Ask, File},
    tenancy::tenant,
};

use crate::{
    Failable, load,
    runs::Memory,
    table::{Deed, Times},
};

/// Files of so many rows are imported so often, each in so many milliseconds at the most.
const FILES: [(u32, usize, f64); 2] = [(1000, 12, 500.0), (100_000, 2, 15_000.0)];
/// What the largest may take of this process's memory, in MiB.
const MEMORY: f64 = 200.0;

/// Imports files of people that nobody knows, for a tenant of its own each.
pub async fn measure(db: &Db) -> Failable<Vec<Deed>> {
    let mut deeds = vec![];
    for (rows, times, target) in FILES {
        let name = format!("import: {rows} leads");
        eprintln!("{name}");
        let (mut took, mut most) = (Vec::new(), 0.0_f64);
        for _ in 0..=times {
            let context = Context {
                tenant: TenantId::new(),
                actor: Actor::System("bench"),
                now: load::now(),
            };
            let new = tenant::New::named("Imports", Zone::utc());
            db.run(context.clone(), async |tx| tenant::open(tx, new).await).await?;
            let memory = Memory::begin()?;
            let table = table(rows);
            let began = Instant::now();
            let file = File::new("leads.csv", table.as_bytes());
            let import = async |tx: &_| lead_import::import(tx, &file, &Ask::default()).await;
            let done = db.run(context, import).await?;
            took.push(began.elapsed());
            most = most.max(memory.grown()?);
            if done.import.imported != i32::try_from(rows)? {
                return Err(format!("{name}: {} imported", done.import.imported).into());
            }
        }
        took.remove(0); // it had every statement prepared
        let mark = if most > MEMORY { '*' } else { ' ' };
        let said = format!("memory grew by {most:.1} MiB{mark} at the most, the file among it");
        deeds.push(Deed { said, ..Deed::new(&name, Times::new(took), Some(target)) });
    }
    Ok(deeds)
}

/// A table of as many people, with what such files usually tell of them.
pub fn table(rows: u32) -> String {
    let mut table = String::from(
        "First Name,Last Name,Phone,Email,City,State,Zip,Status,Source,Tags,Last Contacted,Notes\n",
    );
    for n in 0..rows {
        // No two have a number in common, and all of them are numbers.
        let (area, line) = (["206", "212", "310", "415", "617"][(n % 5) as usize], 2_000_000 + n);
        table.push_str(&format!(
            "First{n},Last{},({area}) {}-{:04},person{n}@example.com,Springfield,WA,98101,contacted,\
             facebook_ads,\"june, vip\",2026-01-15,\"Asked, and was told\"\n",
            n % 1000,
            line / 10_000,
            line % 10_000,
        ));
    }
    table
}
