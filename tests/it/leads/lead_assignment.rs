//! Whose lead becomes whose.

mod choosing;
mod crowd;
mod waiting;

use entity::id::{DistributionPoolId, LeadId, UserId};
use integration::{World, populate::scores::worker};
use service::leads::{
    distribution::{self, Join, Strategy},
    lead,
    lead_assignment::{self, Ask, Assigned, Reassign},
};

pub async fn leads(world: &World, from: u32, to: u32) -> Vec<LeadId> {
    world
        .run(async |tx| {
            let mut made = vec![];
            for n in from..to {
                let new = lead::New::named("f", "l", &format!("+1202555{n:04}"));
                made.push(lead::create(tx, new).await?.id);
            }
            Ok(made)
        })
        .await
}

/// A pool, and so many people in it.
pub async fn pool(
    world: &World,
    strategy: Strategy,
    joins: &[fn(UserId) -> Join],
) -> (DistributionPoolId, Vec<UserId>) {
    world
        .run(async |tx| {
            let new = distribution::New { name: "All".to_owned(), strategy };
            let pool = distribution::open(tx, new).await?;
            let mut people = vec![];
            for (n, join) in joins.iter().enumerate() {
                let user = worker(tx, &format!("p{n}")).await?;
                distribution::join(tx, pool.id, join(user)).await?;
                people.push(user);
            }
            Ok((pool.id, people))
        })
        .await
}

/// How many leads each of these owns.
pub async fn owned(world: &World, people: &[UserId]) -> Vec<usize> {
    let rows = world.strings("select user_id::text from leads where user_id is not null").await;
    people.iter().map(|user| rows.iter().filter(|row| **row == user.to_string()).count()).collect()
}

pub fn to(assigned: &Assigned) -> Option<UserId> {
    match assigned {
        Assigned::To(row) => Some(row.to_user_id),
        _ => None,
    }
}

#[tokio::test]
async fn a_lead_is_given_once_with_the_reason_and_who_was_considered() {
    let world = World::new().await;
    let (pool, people) = pool(&world, Strategy::RoundRobin, &[Join::plain, Join::plain]).await;
    let lead = leads(&world, 1, 2).await[0];
    let ask = Ask::of(pool);
    let first = world.run(async |tx| lead_assignment::assign(tx, lead, &ask).await).await;
    let Assigned::To(row) = first else { panic!("{first:?}") };
    assert_eq!((row.to_user_id, row.from_user_id, &*row.reason), (people[0], None, "in turn"));
    let considered = row.metadata.unwrap();
    assert_eq!((considered.number, considered.candidates.len()), (2, 2));
    assert_eq!((considered.candidates[1].active, considered.candidates[1].max_active), (0, 50));
    for _ in 0..2 {
        let again = world.run(async |tx| lead_assignment::assign(tx, lead, &ask).await).await;
        assert_eq!(again, Assigned::Already(people[0]));
    }
    let by_hand =
        world.run(async |tx| lead_assignment::assign_to(tx, lead, people[1], "x").await).await;
    assert_eq!(by_hand, Assigned::Already(people[0]));
    let told = world.run(async |tx| lead::changes(tx, lead).await).await;
    assert_eq!((told[0].field_name.as_str(), told[0].version), ("user_id", 2));
    assert_eq!(told[0].new_value, Some(people[0].to_string()));
    assert_eq!(world.strings("select 'x' from lead_assignments").await.len(), 1);
}

#[tokio::test]
async fn whoever_takes_a_lead_from_one_and_gives_it_to_another_must_know_whose_it_is() {
    let world = World::new().await;
    let (_, people) = pool(&world, Strategy::RoundRobin, &[Join::plain, Join::plain]).await;
    let lead = leads(&world, 1, 2).await[0];
    world.run(async |tx| lead_assignment::assign_to(tx, lead, people[0], "hers").await).await;
    let give = |from, to, reason: &str| {
        let ask = Reassign { lead, from, to, reason: reason.to_owned() };
        world
            .db
            .run(world.context.clone(), async move |tx| lead_assignment::reassign(tx, &ask).await)
    };
    let said = async |from, to, reason| give(from, to, reason).await.unwrap_err().to_string();
    assert!(said(people[1], people[0], "x").await.starts_with("conflict"));
    assert!(said(people[0], people[0], "x").await.starts_with("to"));
    assert!(said(people[0], people[1], "").await.starts_with("reason"));
    assert_eq!(said(people[0], UserId::new(), "x").await, "no such user");
    let row = give(people[0], people[1], "she left").await.unwrap();
    assert_eq!((row.from_user_id, row.strategy), (Some(people[0]), Strategy::Manual));
    assert!(said(people[0], people[1], "she left").await.starts_with("conflict"));
    let ask = lead_assignment::History { lead, limit: 1, after: None };
    let page = world.run(async |tx| lead_assignment::history(tx, &ask).await).await;
    assert_eq!(page.items, [row]);
    let ask = lead_assignment::History { after: page.next, ..ask };
    let page = world.run(async |tx| lead_assignment::history(tx, &ask).await).await;
    assert_eq!((page.items[0].to_user_id, page.next), (people[0], None));
}

#[tokio::test]
async fn who_knows_the_person_comes_first_while_they_can() {
    use integration::populate::{acme, email, person};
    use sea_orm::ConnectionTrait;
    use service::sales::deal;
    let world = World::new().await;
    let joins: [fn(UserId) -> Join; 3] = [Join::plain; 3];
    let (pool, people) = pool(&world, Strategy::RoundRobin, &joins).await;
    let ids = world
        .run(async |tx| {
            acme(tx).await?;
            let ada = person(tx).await?;
            let new =
                deal::New { contact_id: Some(ada.id), ..deal::New::titled(ada.client_id, "x") };
            deal::open(tx, new).await?;
            let mut ids = vec![];
            for (n, address) in [(1, "ada@acme.example"), (2, "bo@b.example"), (3, "bo@b.example")]
            {
                let new = lead::New {
                    email: Some(email(address)),
                    ..lead::New::named("f", "l", &format!("+1202555{n:04}"))
                };
                ids.push(lead::create(tx, new).await?.id);
            }
            Ok(ids)
        })
        .await;
    let sql = format!("update deals set assigned_to = '{}'", people[2]);
    world.owner.execute_unprepared(&sql).await.unwrap();
    world.run(async |tx| lead_assignment::assign_to(tx, ids[1], people[1], "x").await).await;
    let ask = Ask::of(pool);
    let give = async |id| {
        let given = world.run(async |tx| lead_assignment::assign(tx, id, &ask).await).await;
        match given {
            Assigned::To(row) => (row.to_user_id, row.reason),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(give(ids[0]).await, (people[2], "their deal with the same person".to_owned()));
    assert_eq!(give(ids[2]).await, (people[1], "their lead of the same address".to_owned()));
    // It was the first one's, then nobody's: it is the first one's again, out of turn.
    let own = "update leads set user_id = null where id = ";
    world.owner.execute_unprepared(&format!("{own} '{}'", ids[1])).await.unwrap();
    world.owner.execute_unprepared("update leads set email = null").await.unwrap();
    assert_eq!(give(ids[1]).await, (people[1], "it was theirs before".to_owned()));
    // Who is gone does not get it back.
    world.owner.execute_unprepared(&format!("{own} '{}'", ids[1])).await.unwrap();
    world.run(async |tx| distribution::leave(tx, pool, people[1]).await).await;
    assert_eq!(give(ids[1]).await, (people[0], "in turn".to_owned()));
}
