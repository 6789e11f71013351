//! Imports that are taken back, but for what people have done since.

use chrono::TimeDelta;
use entity::{id::LeadId, leads::lead_import_row::Kept};
use integration::World;
use sea_orm::ConnectionTrait;
use service::{
    Actor, Context, Error,
    leads::{
        lead::{self, Because, New, Status},
        lead_import::{self, Ask, Told},
    },
    outreach::dnc::{self, Check},
    tenancy::user,
};

use super::{import, import_as, people};

async fn leads(world: &World, import: &lead_import::Model) -> Vec<LeadId> {
    let told = Told { limit: 1000, ..Told::of(import.id) };
    let page = world.run(async |tx| lead_import::outcomes(tx, &told).await).await;
    page.items.into_iter().filter_map(|row| row.lead_id).collect()
}

async fn kept(world: &World, import: &lead_import::Model) -> Vec<Option<Kept>> {
    let told = Told { limit: 1000, ..Told::of(import.id) };
    let page = world.run(async |tx| lead_import::outcomes(tx, &told).await).await;
    page.items.into_iter().map(|row| row.kept).collect()
}

async fn live(world: &World) -> String {
    let live = "select count(*)::text from leads where deleted_at is null";
    world.strings(live).await.remove(0)
}

#[tokio::test]
async fn an_import_that_is_reverted_takes_its_leads_back_frees_their_numbers_and_may_come_again() {
    let world = World::new().await;
    world.run(async |tx| lead::create(tx, New::named("P", "Before", "+12062000000")).await).await;
    let table = people(1200, 0);
    let first = import(&world, &table).await;
    let ids = leads(&world, &first).await;
    assert_eq!(first.imported, 1199);
    let later = world.later(TimeDelta::hours(1));
    let revert = async |who: &Context| {
        let id = first.id;
        world.run_as(who, async |tx| lead_import::revert(tx, id, "the wrong list").await).await
    };
    let reverted = revert(&later).await;
    assert_eq!((reverted.removed_leads, reverted.kept_leads), (Some(1199), Some(0)));
    assert_eq!(reverted.reverted_at, Some(later.now));
    assert_eq!(reverted.revert_reason.as_deref(), Some("the wrong list"));
    // Who was there before still is.
    assert_eq!(live(&world).await, "1");
    let notes = format!(
        "select change_reason from lead_audit_log where lead_id = '{}' and field_name = 'deleted'",
        ids[7]
    );
    assert_eq!(world.strings(&notes).await, ["the wrong list"]);
    // Once more changes nothing.
    assert_eq!(revert(&world.later(TimeDelta::hours(2))).await, reverted);
    assert_eq!(world.strings(&notes).await.len(), 1);
    // And the file may come again.
    let again = import_as(&world, &later, &table, &Ask::default()).await.unwrap();
    assert!(!again.again);
    assert_eq!(again.import.imported, 1199);
}

#[tokio::test]
async fn leads_that_people_have_worked_with_stay_as_they_are() {
    let world = World::new().await;
    let new = user::New {
        email: integration::populate::email("sam@tenant.example"),
        name: "Sam".to_owned(),
        role: "sales".to_owned(),
    };
    let sam = world.run(async |tx| user::add(tx, new).await).await;
    let made = import(&world, &people(8, 0)).await;
    let ids = leads(&world, &made).await;
    let by_sam = Context { actor: Actor::User(sam.id), ..world.later(TimeDelta::hours(1)) };
    let because = Because::manual(None);
    world.run_as(&by_sam, async |tx| lead::move_to(tx, ids[0], Status::Hot, &because).await).await;
    world.run_as(&by_sam, async |tx| lead::delete(tx, ids[4], "a test").await).await;
    // A program that moves a lead is nobody who worked with it.
    let program = world.later(TimeDelta::hours(1));
    world.run_as(&program, async |tx| lead::move_to(tx, ids[5], Status::Hot, &because).await).await;
    for (id, change) in [
        (ids[1], "last_contact_date = timestamptz '2026-03-02 10:00+00'".to_owned()),
        (ids[2], format!("user_id = '{}'", sam.id)),
        (ids[3], "converted_client_id = 'cs_1_acme', converted_at = now()".to_owned()),
        (ids[6], "interaction_count = 1".to_owned()),
    ] {
        if id == ids[3] {
            world.run(async |tx| integration::populate::acme(tx).await).await;
        }
        let update = format!("update leads set {change} where id = '{id}'");
        world.owner.execute_unprepared(&update).await.unwrap();
    }
    let id = made.id;
    let later = world.later(TimeDelta::hours(2));
    let done = world.run_as(&later, async |tx| lead_import::revert(tx, id, "wrong").await).await;
    assert_eq!((done.removed_leads, done.kept_leads), (Some(2), Some(6)));
    assert_eq!(
        kept(&world, &made).await,
        [
            Some(Kept::Edited),
            Some(Kept::Contacted),
            Some(Kept::Assigned),
            Some(Kept::Converted),
            Some(Kept::Gone),
            None,
            Some(Kept::Contacted),
            None,
        ]
    );
    let hot = world.run(async |tx| lead::get(tx, ids[0]).await).await;
    assert_eq!((hot.status, hot.version), (Status::Hot, 2));
    assert_eq!(live(&world).await, "5");
}

#[tokio::test]
async fn a_contact_that_the_file_itself_tells_of_keeps_no_lead() {
    let world = World::new().await;
    let made = import(&world, "name,phone,last contact\nAnn Lee,2125551001,2026-03-02\n").await;
    let done = world.run(async |tx| lead_import::revert(tx, made.id, "wrong").await).await;
    assert_eq!((done.removed_leads, done.kept_leads), (Some(1), Some(0)));
}

#[tokio::test]
async fn leads_that_came_to_somebody_by_the_import_itself_go_with_it() {
    let world = World::new().await;
    let new = user::New {
        email: integration::populate::email("sam@tenant.example"),
        name: "Sam".to_owned(),
        role: "sales".to_owned(),
    };
    let sam = world.run(async |tx| user::add(tx, new).await).await;
    let ask = Ask { user_id: Some(sam.id), ..Ask::default() };
    let made = import_as(&world, &world.context, &people(2, 0), &ask).await.unwrap().import;
    assert_eq!(made.user_id, Some(sam.id));
    let done = world.run(async |tx| lead_import::revert(tx, made.id, "wrong").await).await;
    assert_eq!(done.removed_leads, Some(2));
}

#[tokio::test]
async fn who_wanted_no_calls_wants_none_after_the_import_is_taken_back() {
    let world = World::new().await;
    let made = import(&world, "name,phone,dnc\nAnn Lee,2125551001,yes\n").await;
    world.run(async |tx| lead_import::revert(tx, made.id, "wrong").await).await;
    assert_eq!(live(&world).await, "0");
    let check = world.run(async |tx| dnc::check(tx, "2125551001").await).await;
    assert!(matches!(check, Check::Listed { .. }));
}

#[tokio::test]
async fn reverting_needs_a_reason_and_an_import_of_the_tenants() {
    let world = World::new().await;
    let made = import(&world, &people(1, 0)).await;
    let refused =
        world.db.run(world.context.clone(), async |tx| lead_import::revert(tx, made.id, " ").await);
    assert!(refused.await.unwrap_err().to_string().starts_with("reason: "));
    let strange = world
        .db
        .run(world.neighbour.clone(), async |tx| lead_import::revert(tx, made.id, "mine").await);
    assert!(matches!(strange.await.unwrap_err(), Error::NotFound("import")));
    assert_eq!(live(&world).await, "1");
}
