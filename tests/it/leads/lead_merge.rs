//! Two leads that are one person, and two again.

use chrono::TimeDelta;
use entity::id::{LeadId, LeadMergeId};
use integration::{World, populate};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Map, Value as Json, json};
use service::{
    Error, Result, Tx,
    leads::{
        lead::{self, Because, Becomes, Change, Convert, Model, Status, Update},
        lead_link::Kind,
        lead_merge::{self, Choice, Field, folded, lineage, merge, undo},
    },
    outreach::dnc,
};

use super::lead_link::{link, people, somebody};

/// A rich one and a poor one.
pub async fn pair(world: &World) -> (LeadId, LeadId) {
    world
        .run(async |tx| {
            let keep = lead::create(
                tx,
                lead::New {
                    city: Some("Oslo".to_owned()),
                    tags: vec!["a".to_owned(), "b".to_owned()],
                    notes: Some("First notes".to_owned()),
                    ..lead::New::named("Ada", "Byron", "+12065559001")
                },
            );
            let keep = keep.await?.id;
            let fold = lead::create(
                tx,
                lead::New {
                    email: Some(populate::email("ada@b.example")),
                    city: Some("Bergen".to_owned()),
                    source: Some("referral".to_owned()),
                    tags: vec!["b".to_owned(), "c".to_owned()],
                    notes: Some("Second notes".to_owned()),
                    ..lead::New::named("Augusta", "King", "+12065559002")
                },
            );
            let fold = fold.await?.id;
            lead::move_to(tx, fold, Status::Hot, &Because::manual(None)).await?;
            Ok((keep, fold))
        })
        .await
}

/// All that a lead is, its versions and times apart.
async fn state(world: &World, id: LeadId) -> String {
    let sql = format!(
        "select (to_jsonb(l) - array['version', 'updated_at', 'status_since'])::text
                || (select coalesce(string_agg(tag, ' ' order by tag), '') from lead_tags t
                    where t.tenant_id = l.tenant_id and t.lead_id = l.id)
                || (select coalesce(string_agg(word, ' ' order by word), '') from lead_words w
                    where w.tenant_id = l.tenant_id and w.lead_id = l.id)
         from leads l where l.id = '{id}'"
    );
    world.strings(&sql).await.remove(0)
}

async fn links(world: &World) -> Vec<String> {
    let sql =
        "select concat_ws(' ', id, kind, from_end, to_end, ended_at) from lead_links order by id";
    world.strings(sql).await
}

async fn merged(world: &World, keep: LeadId, fold: LeadId) -> LeadMergeId {
    world.run(async |tx| merge(tx, keep, fold, &Choice::default()).await).await.id
}

pub async fn refused<T: std::fmt::Debug>(
    world: &World,
    work: impl AsyncFnOnce(&Tx) -> Result<T>,
) -> Error {
    world.db.run(world.context.clone(), work).await.unwrap_err()
}

async fn one(world: &World, id: LeadId) -> Model {
    world.run(async |tx| lead::get(tx, id).await).await
}

#[tokio::test]
async fn the_kept_leads_values_win_and_what_it_lacks_is_filled_from_the_other() {
    let world = World::new().await;
    let (keep, fold) = pair(&world).await;
    let contacts = "update leads set interaction_count = 2, last_contact_date = '2026-02-01Z'
                    where first_name = 'Ada';
                    update leads set interaction_count = 3, last_contact_date = '2026-02-05Z'
                    where first_name = 'Augusta'";
    sea_orm::ConnectionTrait::execute_unprepared(&world.owner, contacts).await.unwrap();
    let id = merged(&world, keep, fold).await;
    let lead = one(&world, keep).await;
    assert_eq!((&*lead.first_name, &*lead.last_name), ("Ada", "Byron"));
    assert_eq!(lead.phone_number.unwrap().as_str(), "+12065559001");
    assert_eq!(lead.email.unwrap().as_str(), "ada@b.example");
    assert_eq!(lead.city.as_deref(), Some("Oslo"));
    assert_eq!(lead.source.as_deref(), Some("referral"));
    assert_eq!(lead.tags, ["a", "b", "c"]);
    assert_eq!(lead.notes.as_deref(), Some("First notes\n\nSecond notes"));
    assert_eq!(lead.interaction_count, 5);
    assert_eq!(lead.last_contact_date.unwrap().to_rfc3339(), "2026-02-05T00:00:00+00:00");
    assert_eq!(lead.status, Status::Hot, "the further one");
    let history = world.run(async |tx| lead::statuses(tx, keep).await).await;
    assert_eq!(history[0].trigger_type, lead::Trigger::Merge);
    assert_eq!(history[0].trigger_id, Some(id.0));
    // The other's number and name are not lost, but in the record.
    let record = world.run(async |tx| lead_merge::read(tx, id).await).await;
    let other = record.changes.unwrap().folded;
    assert_eq!(
        (&other["phone_number"], &other["first_name"]),
        (&json!("+12065559002"), &json!("Augusta"))
    );
    // It is gone, its number is free, and its records are the kept one's.
    assert!(matches!(
        refused(&world, async |tx| lead::get(tx, fold).await).await,
        Error::NotFound(_)
    ));
    let gone =
        world.strings(&format!("select merged_into_id::text from leads where id = '{fold}'")).await;
    assert_eq!(gone, [keep.to_string()]);
    world.run(async |tx| lead::create(tx, lead::New::named("A", "B", "+12065559002")).await).await;
    let mut of = world.run(async |tx| lineage(tx, keep).await).await;
    of.sort();
    assert_eq!(of, [keep, fold]);
    // Every field that changed is in the audit of the kept one.
    let noted = world.run(async |tx| lead::changes(tx, keep).await).await;
    for field in ["email", "source", "tags", "notes", "interaction_count", "status", "merged"] {
        assert!(noted.iter().any(|note| note.field_name == field), "{field}");
    }
}

#[tokio::test]
async fn what_is_chosen_from_the_folded_lead_goes_on_in_its_place() {
    let world = World::new().await;
    let (keep, fold) = pair(&world).await;
    let choice = Choice {
        from_folded: vec![Field::Phone, Field::LastName, Field::Address, Field::Notes],
        reason: Some("the new number".to_owned()),
    };
    let id = world.run(async |tx| merge(tx, keep, fold, &choice).await).await.id;
    let lead = one(&world, keep).await;
    assert_eq!((&*lead.first_name, &*lead.last_name), ("Ada", "King"));
    assert_eq!(lead.phone_number.unwrap().as_str(), "+12065559002");
    assert_eq!(lead.city.as_deref(), Some("Bergen"));
    assert_eq!(lead.notes.as_deref(), Some("Second notes"));
    world.run(async |tx| undo(tx, id, "not so").await).await;
    assert_eq!(one(&world, keep).await.phone_number.unwrap().as_str(), "+12065559001");
    assert_eq!(one(&world, fold).await.phone_number.unwrap().as_str(), "+12065559002");
}

#[tokio::test]
async fn whoever_wants_no_calls_wants_none_after_a_merge() {
    let world = World::new().await;
    let (keep, fold) = pair(&world).await;
    world
        .run(async |tx| dnc::add(tx, dnc::New::for_good("+12065559002", "lead_requested")).await)
        .await;
    sea_orm::ConnectionTrait::execute_unprepared(
        &world.owner,
        "update leads set status = 'dnc', calling_blocked = true where first_name = 'Augusta'",
    )
    .await
    .unwrap();
    let id = merged(&world, keep, fold).await;
    let lead = one(&world, keep).await;
    assert_eq!((lead.status, lead.calling_blocked), (Status::Dnc, true));
    world.run(async |tx| undo(tx, id, "not so").await).await;
    let (one, other) = (one(&world, keep).await, one(&world, fold).await);
    assert_eq!((one.status, one.calling_blocked), (Status::New, false));
    assert_eq!((other.status, other.calling_blocked), (Status::Dnc, true));
}

#[tokio::test]
async fn an_undone_merge_leaves_both_as_they_were_links_included() {
    let world = World::new().await;
    let (keep, fold) = pair(&world).await;
    let p = people(&world, 4).await;
    world
        .run(async |tx| {
            link(tx, keep, Kind::ReferredBy, p[0]).await?; // both have it
            link(tx, fold, Kind::ReferredBy, p[0]).await?;
            link(tx, p[1], Kind::ReferredBy, fold).await?; // moves
            link(tx, fold, Kind::ReportsTo, p[2]).await?; // moves
            link(tx, keep, Kind::WorksWith, fold).await?; // would be with itself
            link(tx, p[0], Kind::SameHousehold, fold).await?; // turns or moves
            link(tx, fold, Kind::SameHousehold, p[3]).await?;
            link(tx, keep, Kind::SameHousehold, p[3]).await?; // both have it
            // keep reports to 3, who reports to the folded one: that would be a circle.
            link(tx, keep, Kind::ReportsTo, p[3]).await?;
            link(tx, p[3], Kind::ReportsTo, fold).await
        })
        .await;
    let before = (state(&world, keep).await, state(&world, fold).await, links(&world).await);
    let id = merged(&world, keep, fold).await;
    let live =
        "select concat_ws(' ', kind, from_end, to_end) from lead_links where ended_at is null";
    for link in world.strings(live).await {
        assert!(!link.contains(&fold.to_string()), "{link}");
    }
    assert_eq!(world.strings(live).await.len(), 6);
    let first = world.run(async |tx| undo(tx, id, "not so").await).await;
    let after = (state(&world, keep).await, state(&world, fold).await, links(&world).await);
    assert_eq!(after, before);
    // Twice is once, and they can be merged again.
    assert_eq!(world.run(async |tx| undo(tx, id, "again").await).await, first);
    assert_ne!(merged(&world, keep, fold).await, id);
}

#[tokio::test]
async fn what_people_changed_since_stays_when_a_merge_is_undone() {
    let world = World::new().await;
    let (keep, fold) = pair(&world).await;
    let id = merged(&world, keep, fold).await;
    world
        .run(async |tx| {
            let seen = lead::get(tx, keep).await?;
            let email = Some(populate::email("new@b.example"));
            let tags = vec!["c".to_owned(), "b".to_owned(), "d".to_owned()];
            let changes = vec![Change::Email(email), Change::Tags(tags)];
            lead::update(tx, keep, &Update::of(&seen, changes)).await?;
            lead::move_to(tx, keep, Status::Cold, &Because::manual(None)).await
        })
        .await;
    world.run(async |tx| undo(tx, id, "not so").await).await;
    let lead = one(&world, keep).await;
    assert_eq!(lead.email.unwrap().as_str(), "new@b.example", "edited since");
    assert_eq!(lead.tags, ["b", "d"], "without what the other brought");
    assert_eq!(lead.notes.as_deref(), Some("First notes"), "put back");
    assert_eq!(lead.source, None);
    assert_eq!(lead.status, Status::Cold, "moved since");
}

#[tokio::test]
async fn a_merge_that_cannot_be_undone_says_why_and_changes_nothing() {
    let world = World::new().await;
    let (keep, fold) = pair(&world).await;
    let p = people(&world, 2).await;
    let id = merged(&world, keep, fold).await;
    let why = async |world: &World| match refused(world, async |tx| undo(tx, id, "no").await).await
    {
        Error::Conflict(why) => why.into_owned(),
        other => panic!("{other}"),
    };
    // Another has the number.
    let new = lead::New::named("A", "B", "+12065559002");
    let thief = world.run(async |tx| lead::create(tx, new).await).await.id;
    assert!(why(&world).await.contains("number"));
    world.run(async |tx| lead::delete(tx, thief, "no").await).await;
    // Another was taken in since.
    let later = merged(&world, keep, p[0]).await;
    assert!(why(&world).await.contains("taken in another"));
    world.run(async |tx| undo(tx, later, "no").await).await;
    // It was merged further.
    let further = merged(&world, p[1], keep).await;
    assert!(why(&world).await.contains("merged further"));
    world.run(async |tx| undo(tx, further, "no").await).await;
    // It was deleted.
    world.run(async |tx| lead::delete(tx, keep, "no").await).await;
    assert!(why(&world).await.contains("deleted"));
    world.run(async |tx| lead::restore(tx, keep, "no").await).await;
    // It became a customer.
    let later = world.later(TimeDelta::minutes(1));
    world
        .run_as(&later, async |tx| {
            let client = populate::acme(tx).await?;
            lead::convert(tx, keep, Convert::into(client)).await
        })
        .await;
    assert!(why(&world).await.contains("customer"));
    let back = world.later(TimeDelta::minutes(2));
    world.run_as(&back, async |tx| lead::undo_conversion(tx, keep, "no").await).await;
    world.run_as(&back, async |tx| undo(tx, id, "at last").await).await;
}

#[tokio::test]
async fn a_lead_is_merged_with_another_live_one_of_the_tenants_and_with_nothing_else() {
    let world = World::new().await;
    let (keep, fold) = pair(&world).await;
    let third = people(&world, 1).await[0];
    let other = {
        let who = world.neighbour.clone();
        world.run_as(&who, async |tx| somebody(tx, 1).await).await
    };
    let choice = Choice::default();
    let try_it =
        async |keep, fold| refused(&world, async |tx| merge(tx, keep, fold, &choice).await).await;
    assert!(matches!(try_it(keep, keep).await, Error::Invalid { .. }));
    assert!(matches!(try_it(keep, other).await, Error::NotFound("lead")));
    assert!(matches!(try_it(other, keep).await, Error::NotFound("lead")));
    let id = merged(&world, keep, fold).await;
    assert_eq!(merged(&world, keep, fold).await, id, "again is nothing new");
    assert!(matches!(try_it(third, fold).await, Error::Conflict(_)));
    assert!(matches!(try_it(fold, third).await, Error::NotFound("lead")));
    assert!(matches!(try_it(fold, keep).await, Error::NotFound("lead")), "no circle");
    world.run(async |tx| lead::delete(tx, third, "no").await).await;
    assert!(matches!(try_it(keep, third).await, Error::NotFound("lead")));
}

#[tokio::test]
async fn merges_of_overlapping_pairs_at_once_wait_for_each_other_and_make_no_circle() {
    let world = World::new().await;
    for round in 0..5 {
        let p = world
            .run(async |tx| {
                let mut made = vec![];
                for n in 0..3 {
                    made.push(somebody(tx, 100 + round * 10 + n).await?);
                }
                link(tx, made[0], Kind::ReportsTo, made[1]).await?;
                link(tx, made[1], Kind::ReferredBy, made[2]).await?;
                Ok(made)
            })
            .await;
        let pairs = [(0, 1), (1, 0), (1, 2), (2, 0), (0, 2), (2, 1)];
        let running: Vec<_> = pairs
            .into_iter()
            .map(|(keep, fold)| {
                let (db, who, keep, fold) =
                    (world.db.clone(), world.context.clone(), p[keep], p[fold]);
                tokio::spawn(async move {
                    db.run(who, async |tx| merge(tx, keep, fold, &Choice::default()).await).await
                })
            })
            .collect();
        for done in running {
            if let Err(error) = done.await.unwrap() {
                assert!(!error.is_retryable(), "{error:?}");
            }
        }
        let ids = p.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
        let live = format!("select id::text from leads where deleted_at is null and id in ({ids})");
        let live = world.strings(&live).await;
        assert_eq!(live.len(), 1);
        let root: LeadId = live[0].parse().unwrap();
        assert_eq!(world.run(async |tx| lineage(tx, root).await).await.len(), 3);
    }
}

fn rows() -> impl Strategy<Value = (Map<String, Json>, Map<String, Json>, Vec<Field>)> {
    let text = || proptest::option::of("[a-z]{1,4}").prop_map(|t| t.map_or(Json::Null, Json::from));
    let tags = || proptest::collection::btree_set("[a-e]", 0..4).prop_map(|t| json!(t));
    let date = || {
        proptest::option::of(1_u32..28).prop_map(|day| match day {
            Some(day) => json!(format!("2026-02-{day:02}T00:00:00+00:00")),
            None => Json::Null,
        })
    };
    let row = move || {
        let texts = proptest::collection::vec(text(), 6);
        (texts, tags(), date(), 0..9_i32, any::<bool>()).prop_map(
            |(texts, tags, date, n, blocked)| {
                let names = ["email", "phone_number", "city", "source", "notes", "time_zone"];
                let mut row: Map<String, Json> =
                    names.into_iter().map(str::to_owned).zip(texts).collect();
                row.insert("tags".to_owned(), tags);
                row.insert("last_contact_date".to_owned(), date);
                row.insert("interaction_count".to_owned(), json!(n));
                row.insert("calling_blocked".to_owned(), json!(blocked));
                row
            },
        )
    };
    let fields = [Field::Email, Field::Phone, Field::Address, Field::Notes];
    (row(), row(), proptest::sample::subsequence(fields.to_vec(), 0..=4))
}

#[test]
fn a_merge_undone_at_once_is_no_change_whatever_the_two_were() {
    let mut runner = TestRunner::new(Config::with_cases(2000));
    runner
        .run(&rows(), |(keep, fold, take)| {
            let (changes, brought) = folded(&keep, &fold, &take).unwrap();
            let mut after = keep.clone();
            for change in &changes {
                prop_assert_eq!(keep.get(&change.field).unwrap_or(&Json::Null), &change.was);
                after.insert(change.field.clone(), change.becomes.clone());
            }
            // Nothing that the folded one had is lost where the kept one had nothing.
            for (field, value) in &fold {
                if keep[field].is_null() && field != "phone_extension" {
                    prop_assert_eq!(&after[field], value);
                }
            }
            let back = lead_merge::queries::parted(&after, &changes, &brought);
            for (field, value) in back {
                after.insert(field, value);
            }
            after.retain(|field, value| keep.contains_key(field) || !value.is_null());
            prop_assert_eq!(after, keep);
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn leads_that_became_different_customers_are_not_merged() {
    let world = World::new().await;
    let (keep, fold) = pair(&world).await;
    world
        .run(async |tx| {
            let acme = populate::acme(tx).await?;
            lead::convert(tx, keep, Convert::into(acme.clone())).await?;
            let other = entity::id::ClientId::parse("cs_2_other").unwrap();
            let new =
                service::customers::customer::New::named(other, "Other", tx.now().date_naive());
            let into = Convert { customer: Becomes::New(new), ..Convert::into(acme) };
            lead::convert(tx, fold, into).await
        })
        .await;
    let error = refused(&world, async |tx| merge(tx, keep, fold, &Choice::default()).await).await;
    assert!(matches!(error, Error::Conflict(ref why) if why.contains("customers")), "{error:?}");
}
