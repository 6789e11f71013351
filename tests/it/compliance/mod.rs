mod compliance_check;
mod compliance_schedule;

use chrono::TimeDelta;
use entity::id::{ClientId, ComplianceCheckId, UserId};
use integration::{
    World,
    populate::{acme, email, person},
};
use sea_orm::ConnectionTrait;
use service::{
    Actor, Context, Result, Tx,
    compliance::{
        compliance_check::{self as check, Due, DueCheck},
        compliance_schedule::{self as schedule, Frequency, Generate, Generated, Joining, New},
    },
    customers::customer,
    tenancy::user,
};

pub fn days(n: i64) -> TimeDelta {
    TimeDelta::days(n)
}

pub const MICRO: TimeDelta = TimeDelta::microseconds(1);

/// A monthly check of all customers, also of those that are added today.
pub fn monthly(first_due: &str) -> New {
    New {
        frequency: Frequency::Monthly,
        first_due: Some(first_due.parse().unwrap()),
        joining: Joining::ProRata,
        ..New::quarterly("license renewal")
    }
}

pub async fn register(tx: &Tx, n: usize) -> Result<ClientId> {
    let id = ClientId::parse(&format!("cs_{n}_c")).unwrap();
    let start = tx.now().date_naive();
    customer::register(tx, customer::New::named(id.clone(), &format!("C{n}"), start)).await?;
    Ok(id)
}

pub async fn generate(world: &World, at: &Context) -> Generated {
    let ask = Generate::default();
    world.run_as(at, async |tx| schedule::generate_due(tx, &ask).await).await
}

/// Acme and Ada, its primary contact, under a schedule; and the one check that this makes today.
pub async fn one_check(world: &World, new: New) -> check::Model {
    let made = world
        .run(async |tx| {
            acme(tx).await?;
            person(tx).await?;
            schedule::open(tx, new).await?;
            let made = schedule::generate_due(tx, &Generate::default()).await?;
            check::get(tx, made.created[0]).await
        })
        .await;
    write(world, "update contacts set is_primary = true").await;
    made
}

/// What no function of the service does.
pub async fn write(world: &World, sql: &str) {
    world.owner.execute_unprepared(sql).await.unwrap();
}

pub async fn due(world: &World, at: &Context) -> Vec<DueCheck> {
    let ask = Due::default();
    world.db.read(at.clone(), async |tx| check::due(tx, &ask).await).await.unwrap().items
}

pub async fn get(world: &World, id: ComplianceCheckId) -> check::Model {
    world.run(async |tx| check::get(tx, id).await).await
}

/// The tenant's, as somebody who works for it.
pub async fn somebody(world: &World, name: &str, role: &str) -> (UserId, Context) {
    let new = user::New {
        email: email(&format!("{name}@tenant.example")),
        name: name.to_owned(),
        role: role.to_owned(),
    };
    let id = world.run(async |tx| user::add(tx, new).await).await.id;
    (id, Context { actor: Actor::User(id), ..world.context.clone() })
}
