//! A filter finds the same leads in the database and in memory.

use std::collections::BTreeSet;

use entity::{
    id::LeadId,
    leads::{
        lead::{ActiveModel, Entity, Status},
        lead_tag,
    },
    phone::Phone,
};
use integration::World;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use sea_orm::{ConnectionTrait, Iterable, Set};
use serde_json::json;
use service::leads::segment::{Clock, Filter, matches, preview, read};

use super::json::{TAGS, TEXTS, filters, instants, users};

fn maybe(of: &[&str]) -> impl Strategy<Value = Option<String>> + use<> {
    prop::option::of(prop::sample::select(of.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()))
}

fn lead() -> impl Strategy<Value = ActiveModel> {
    let status = prop::sample::select(Status::iter().collect::<Vec<_>>());
    let tags = prop::sample::subsequence(TAGS[..4].to_vec(), 0..=3);
    let times =
        (prop::option::of(prop::sample::select(instants())), prop::sample::select(instants()));
    let numbers = (0..=4_i32, 0..=4_i32, prop::option::of(prop::sample::select(users())));
    let texts = [maybe(&TEXTS[..5]), maybe(&TEXTS[..5]), maybe(&TEXTS[..5]), maybe(&TEXTS[..5])];
    let country = maybe(&["US", "CA"]);
    (status, tags, times, numbers, texts, country, prop::bool::weighted(0.1)).prop_map(
        |(status, tags, times, numbers, texts, country, deleted)| {
            let [source, sub_source, state, city] = texts;
            ActiveModel {
                id: Set(LeadId::new()),
                first_name: Set("f".to_owned()),
                last_name: Set("l".to_owned()),
                status: Set(status),
                status_since: Set(times.1),
                calling_blocked: Set(status == Status::Dnc),
                tags: Set(tags.into_iter().map(str::to_owned).collect()),
                last_contact_date: Set(times.0),
                created_at: Set(times.1),
                updated_at: Set(times.1),
                lead_score: Set(numbers.0),
                interaction_count: Set(numbers.1),
                user_id: Set(numbers.2),
                source: Set(source),
                sub_source: Set(sub_source),
                state: Set(state),
                city: Set(city),
                country: Set(country),
                deleted_at: Set(deleted.then_some(times.1)),
                ..Default::default()
            }
        },
    )
}

#[tokio::test]
async fn a_filter_finds_the_same_leads_in_the_database_and_in_memory() {
    let world = World::new().await;
    world.populate(&world.neighbour).await;
    let of = world.context.tenant;
    let zone = format!("update tenants set time_zone = 'America/New_York' where id = '{of}'");
    world.owner.execute_unprepared(&zone).await.unwrap();
    for user in users() {
        let add = format!(
            "insert into users (tenant_id, id, email, name) values ('{of}', '{user}', '{user}@x', 'x')"
        );
        world.owner.execute_unprepared(&add).await.unwrap();
    }
    let mut runner = TestRunner::deterministic();
    let mut leads: Vec<_> =
        (0..300).map(|_| lead().new_tree(&mut runner).unwrap().current()).collect();
    for (number, lead) in leads.iter_mut().enumerate() {
        lead.phone_number =
            Set(Some(Phone::parse(&format!("+1212555{number:04}"), "US").unwrap().phone));
    }
    let tags = leads.iter().flat_map(|lead| {
        lead.tags.clone().unwrap().into_iter().map(|tag| lead_tag::ActiveModel {
            tenant_id: Set(of),
            tag: Set(tag),
            lead_id: lead.id.clone(),
        })
    });
    let tags: Vec<_> = tags.collect();
    let all = world
        .run(async |tx| {
            tx.insert_many(leads).await?;
            tx.insert_many(tags).await?;
            Ok(tx.find::<Entity>().all(tx).await?)
        })
        .await;
    assert_eq!(all.len(), 300);
    let clock = Clock { as_of: world.context.now, zone: chrono_tz::America::New_York };
    let mut tried = vec![Filter::everybody(), read(json!({"not": {}})).unwrap()];
    tried.extend((0..700).map(|_| filters().new_tree(&mut runner).unwrap().current()));
    let (mut some, mut none) = (0, 0);
    for filter in tried {
        let expected: BTreeSet<_> =
            all.iter().filter(|lead| matches(lead, &filter, clock)).map(|lead| lead.id).collect();
        let found = world.run(async |tx| preview(tx, &filter, 1000).await).await;
        assert_eq!(usize::try_from(found.lead_count).unwrap(), expected.len(), "{filter:?}");
        let found: BTreeSet<_> = found.leads.iter().map(|lead| lead.id).collect();
        assert_eq!(found, expected, "{filter:?}");
        // Also as it is stored.
        let normal = filter.normal();
        let again = all.iter().filter(|lead| matches(lead, &normal, clock)).count();
        assert_eq!(again, expected.len(), "{normal:?}");
        if expected.is_empty() { none += 1 } else { some += 1 }
    }
    assert!(some > 300 && none > 50, "{some} found somebody, {none} nobody");
}

#[tokio::test]
async fn who_was_never_contacted_is_found_by_a_comparison_only_if_that_is_said() {
    let world = World::new().await;
    world
        .run(async |tx| {
            let new = service::leads::lead::New::named("Ada", "Byron", "+12125550001");
            service::leads::lead::create(tx, new).await?;
            for (json, found) in [
                (json!({"last_contact": {"lte": {"days_ago": 7}}}), 0),
                (json!({"last_contact": {"lte": {"days_ago": 7}, "or_never": true}}), 1),
                (json!({"last_contact": {"gte": {"days_ago": 7}}}), 0),
                (json!({"not": {"last_contact": {"gte": {"days_ago": 7}}}}), 1),
                (json!({"last_contact": {"is_null": true}}), 1),
                // What is missing is not this, and so it is other than this.
                (json!({"source": {"eq": "event"}}), 0),
                (json!({"source": {"ne": "event"}}), 1),
                (json!({"source": {"not_in": ["event", "website"]}}), 1),
                (json!({"source": {"ne": "event", "is_null": false}}), 0),
            ] {
                let filter = read(json.clone())?;
                assert_eq!(preview(tx, &filter, 1).await?.lead_count, found, "{json}");
            }
            Ok(())
        })
        .await;
}
