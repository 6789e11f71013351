//! Leads: made, changed, deleted, and blocked by the do-not-call list.

mod convert;
mod edit;
mod list;
mod recommend;
mod status;
mod timeline;

use chrono::TimeDelta;
use integration::{World, populate::leads::grace, strings};
use sea_orm::ConnectionTrait;
use service::{
    Error,
    leads::lead::{self, Because, Change, Model, New, Status, Trigger, Update},
    outreach::{consent::Subject, dnc, suppression},
};

const NUMBER: &str = "+12025550108";

async fn made(world: &World) -> Model {
    world.run(async |tx| lead::create(tx, grace()).await).await
}

fn why(error: &Error) -> String {
    error.to_string()
}

#[tokio::test]
async fn a_number_is_one_however_it_is_written_and_belongs_to_one_lead_of_a_tenant() {
    let world = World::new().await;
    let grace = made(&world).await;
    assert_eq!(grace.phone_number.as_ref().unwrap().as_str(), NUMBER);
    assert_eq!((grace.status, grace.version, grace.lead_score), (Status::New, 1, 0));
    assert_eq!(grace.country.as_deref(), Some("US"));
    // Defect 4-9: one reading of numbers, whoever writes them.
    for same in ["(202) 555-0108", "202.555.0108 ext. 7", "001 202 555 0108", " 12025550108 "] {
        let again = New::named("Grace", "Murray", same);
        let refused = world.db.run(world.context.clone(), async |tx| lead::create(tx, again).await);
        let refused = refused.await.unwrap_err();
        assert!(matches!(refused, Error::Conflict(_) | Error::Invalid { .. }), "{same}: {refused}");
    }
    // The neighbour may know her too.
    let theirs = world.run_as(&world.neighbour, async |tx| {
        lead::create(tx, New::named("G", "H", "202-555-0108")).await
    });
    let theirs = theirs.await;
    let seen = world.db.run(world.context.clone(), async |tx| lead::get(tx, theirs.id).await).await;
    assert_eq!(why(&seen.unwrap_err()), "no such lead");
}

#[tokio::test]
async fn what_is_no_number_or_breaks_a_rule_is_refused_by_its_name_and_nothing_is_written() {
    let world = World::new().await;
    let named = || New::named("Ada", "Byron", "202 555 0109");
    let blank = |text: &str| Some(text.to_owned());
    let bad = [
        ("phone", New { phone: "555".to_owned(), ..named() }),
        ("phone", New { phone: "911".to_owned(), ..named() }),
        ("phone", New { phone: "ask at reception".to_owned(), ..named() }),
        ("phone", New { phone: "9".repeat(65), ..named() }),
        ("first_name", New { first_name: " ".to_owned(), ..named() }),
        ("first_name", New { first_name: "x".repeat(101), ..named() }),
        ("last_name", New { last_name: String::new(), ..named() }),
        ("country", New { country: blank("USA"), ..named() }),
        ("source", New { source: blank(""), ..named() }),
        ("notes", New { notes: blank("a\0b"), ..named() }),
        ("tags", New { tags: vec!["x".repeat(51)], ..named() }),
        ("tags", New { tags: vec![" ".to_owned()], ..named() }),
        ("tags", New { tags: (0..51).map(|n| format!("t{n}")).collect(), ..named() }),
    ];
    for (field, new) in bad {
        let done =
            world.db.run(world.context.clone(), async |tx| lead::create(tx, new).await).await;
        let error = done.unwrap_err();
        assert!(why(&error).starts_with(&format!("{field}: ")), "{field}: {error}");
    }
    assert_eq!(world.strings("select count(*)::text from leads").await, ["0"]);
    let most = New { tags: (0..50).map(|n| format!("t{n}")).collect(), ..named() };
    assert_eq!(world.run(async |tx| lead::create(tx, most).await).await.tags.len(), 50);
}

#[tokio::test]
async fn a_deleted_lead_is_gone_for_every_question_and_comes_back_as_it_was() {
    let world = World::new().await;
    let grace = made(&world).await;
    world.run(async |tx| lead::delete(tx, grace.id, "asked to be forgotten").await).await;
    let now = || world.context.clone();
    let gone = |done: Result<Model, Error>| assert_eq!(why(&done.unwrap_err()), "no such lead");
    gone(world.db.run(now(), async |tx| lead::get(tx, grace.id).await).await);
    gone(world.db.run(now(), async |tx| lead::delete(tx, grace.id, "again").await).await);
    gone(
        world
            .db
            .run(now(), async |tx| {
                lead::move_to(tx, grace.id, Status::Hot, &Because::manual(None)).await
            })
            .await,
    );
    let listed = world.run(async |tx| lead::list(tx, &lead::List::default()).await).await;
    assert!(listed.items.is_empty());

    let back = world.run(async |tx| lead::restore(tx, grace.id, "came back").await).await;
    assert_eq!(Model { version: 1, updated_at: grace.updated_at, ..back.clone() }, grace);
    assert_eq!(back.version, 3);
    let twice = world.db.run(now(), async |tx| lead::restore(tx, grace.id, "again").await).await;
    assert_eq!(why(&twice.unwrap_err()), "conflict: the lead is not deleted");
    let told = world.run(async |tx| lead::changes(tx, grace.id).await).await;
    let told: Vec<_> =
        told.iter().map(|n| (n.field_name.as_str(), n.change_reason.as_deref())).collect();
    let expected = [
        ("restored", Some("came back")),
        ("deleted", Some("asked to be forgotten")),
        ("created", None),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_deleted_leads_number_is_free_and_who_has_it_now_keeps_it() {
    let world = World::new().await;
    let first = made(&world).await;
    world.run(async |tx| lead::delete(tx, first.id, "a mistake").await).await;
    let second = made(&world).await;
    let back = world
        .db
        .run(world.context.clone(), async |tx| lead::restore(tx, first.id, "no mistake").await);
    assert_eq!(why(&back.await.unwrap_err()), "conflict: there is one already (leads_phone)");
    world.run(async |tx| lead::delete(tx, second.id, "the other").await).await;
    world.run(async |tx| lead::restore(tx, first.id, "no mistake").await).await;
    world.run(async |tx| lead::get(tx, first.id).await).await;
}

#[tokio::test]
async fn a_listed_number_blocks_its_lead_and_off_the_list_brings_its_status_back() {
    let world = World::new().await;
    let grace = made(&world).await;
    let later = world.later(TimeDelta::hours(1));
    world
        .run_as(&later, async |tx| {
            lead::move_to(tx, grace.id, Status::Qualified, &Because::manual(None)).await
        })
        .await;
    let theirs =
        world.run_as(&world.neighbour, async |tx| lead::create(tx, self::grace()).await).await;

    let at = world.later(TimeDelta::hours(2));
    let entry = world
        .run_as(&at, async |tx| {
            dnc::add(tx, dnc::New::for_good("202 555 0108", "lead_requested")).await
        })
        .await;
    let blocked = world.run_as(&at, async |tx| lead::get(tx, grace.id).await).await;
    assert_eq!((blocked.status, blocked.calling_blocked), (Status::Dnc, true));
    assert_eq!(blocked.status_since, at.now);
    let moved = world.run_as(&at, async |tx| lead::statuses(tx, grace.id).await).await;
    assert_eq!((moved[0].trigger_type, moved[0].trigger_id), (Trigger::DncList, Some(entry.id.0)));
    assert_eq!((moved[0].from_status, moved[1].left_at), (Some(Status::Qualified), Some(at.now)));
    let untouched = world.run_as(&world.neighbour, async |tx| lead::get(tx, theirs.id).await).await;
    assert_eq!(untouched, theirs);
    // Nobody talks a lead out of it but the list.
    let moved = world.db.run(at.clone(), async |tx| {
        lead::move_to(tx, grace.id, Status::Hot, &Because::manual(None)).await
    });
    assert_eq!(why(&moved.await.unwrap_err()), "conflict: a lead that is dnc does not become hot");

    // Defect 4-12: it became new, whatever it had been.
    let end = world.later(TimeDelta::hours(3));
    world.run_as(&end, async |tx| dnc::remove(tx, NUMBER, "asked to be called again").await).await;
    let back = world.run_as(&end, async |tx| lead::get(tx, grace.id).await).await;
    assert_eq!((back.status, back.calling_blocked), (Status::Qualified, false));
    // Removing it from the list a second time finds nothing, and changes nothing.
    let twice = world.db.run(end, async |tx| dnc::remove(tx, NUMBER, "again").await).await;
    assert_eq!(why(&twice.unwrap_err()), "no such listed number");
}

#[tokio::test]
async fn an_entry_for_a_time_leaves_the_lead_alone_until_it_is_for_good() {
    let world = World::new().await;
    let grace = made(&world).await;
    let until = Some(world.context.now + TimeDelta::days(1));
    let short = dnc::New { expires_at: until, ..dnc::New::for_good(NUMBER, "call_back_later") };
    world.run(async |tx| dnc::add(tx, short).await).await;
    assert_eq!(world.run(async |tx| lead::get(tx, grace.id).await).await.status, Status::New);
    world.run(async |tx| dnc::add(tx, dnc::New::for_good(NUMBER, "lead_requested")).await).await;
    assert_eq!(world.run(async |tx| lead::get(tx, grace.id).await).await.status, Status::Dnc);
}

#[tokio::test]
async fn whose_number_is_listed_already_is_made_brought_back_and_renumbered_as_do_not_call() {
    let world = World::new().await;
    world.run(async |tx| dnc::add(tx, dnc::New::for_good(NUMBER, "lead_requested")).await).await;
    let grace = made(&world).await;
    assert_eq!((grace.status, grace.calling_blocked), (Status::Dnc, true));
    // It was new for no time at all, and that is what it comes back to.
    world.run(async |tx| dnc::remove(tx, NUMBER, "new consent").await).await;
    assert_eq!(world.run(async |tx| lead::get(tx, grace.id).await).await.status, Status::New);

    // Listed while it was deleted.
    world.run(async |tx| lead::delete(tx, grace.id, "a mistake").await).await;
    world.run(async |tx| dnc::add(tx, dnc::New::for_good(NUMBER, "lead_requested")).await).await;
    let back = world.run(async |tx| lead::restore(tx, grace.id, "no mistake").await).await;
    assert_eq!((back.status, back.calling_blocked), (Status::Dnc, true));

    // Another's new number.
    let ada = world
        .run(async |tx| lead::create(tx, New::named("Ada", "Byron", "202 555 0109")).await)
        .await;
    world.run(async |tx| dnc::add(tx, dnc::New::for_good("2025550110", "legal")).await).await;
    let change = Update::of(&ada, vec![Change::PhoneNumber("(202) 555-0110".to_owned())]);
    let ada = world.run(async |tx| lead::update(tx, ada.id, &change).await).await;
    assert_eq!((ada.status, ada.calling_blocked, ada.version), (Status::Dnc, true, 3));
}

#[tokio::test]
async fn whoever_is_listed_while_their_lead_is_made_is_blocked_all_the_same() {
    let world = World::new().await;
    for n in 0..20 {
        let number = format!("+120255502{n:02}");
        let new = New::named("Ada", "Byron", &number);
        let (made, listed) = tokio::join!(
            world.db.run(world.context.clone(), async |tx| lead::create(tx, new).await),
            world.db.run(world.context.clone(), async |tx| {
                dnc::add(tx, dnc::New::for_good(&number, "lead_requested")).await
            }),
        );
        listed.unwrap();
        let lead = made.unwrap();
        let lead = world.run(async |tx| lead::get(tx, lead.id).await).await;
        assert_eq!((lead.status, lead.calling_blocked), (Status::Dnc, true), "{n}");
    }
}

#[tokio::test]
async fn of_two_who_make_a_lead_of_one_number_at_once_one_does() {
    let world = World::new().await;
    let make = || world.db.run(world.context.clone(), async |tx| lead::create(tx, grace()).await);
    let (a, b, c) = tokio::join!(make(), make(), make());
    let made = [a, b, c].into_iter().flatten().count();
    assert_eq!(
        (made, world.strings("select count(*)::text from leads").await[0].as_str()),
        (1, "1")
    );
}

#[tokio::test]
async fn the_record_of_changes_is_added_to_and_never_changed_but_for_what_is_taken_out() {
    let world = World::new().await;
    let grace = made(&world).await;
    let change = Update::of(&grace, vec![Change::City(Some("Boston".to_owned()))]);
    world.run(async |tx| lead::update(tx, grace.id, &change).await).await;
    let who = &world.context.tenant;
    let app = migration::run::connect(&integration::SERVER.url_as("keel_app", &world.name))
        .await
        .unwrap();
    for refused in [
        "update lead_audit_log set new_value = 'Berlin' where field_name = 'city'",
        "update lead_audit_log set field_name = 'state'",
        "update lead_audit_log set actor = 'user:somebody else', old_value = null",
        "delete from lead_audit_log",
        "truncate lead_audit_log",
    ] {
        let set = format!("begin; select keel.set_tenant('{who}')");
        app.execute_unprepared(&set).await.unwrap();
        assert!(app.execute_unprepared(refused).await.is_err(), "{refused}");
        app.execute_unprepared("rollback").await.unwrap();
    }
    let owners = world.owner.execute_unprepared("update lead_audit_log set version = 9").await;
    assert!(owners.is_err());
    world
        .owner
        .execute_unprepared("update lead_audit_log set old_value = null, new_value = null")
        .await
        .unwrap();
    let left = "select field_name || coalesce(old_value, '-') || coalesce(new_value, '-') from lead_audit_log order by 1";
    assert_eq!(strings(&world.owner, left).await, ["city--", "created--"]);
}

#[tokio::test]
async fn whoever_was_erased_is_not_made_again_by_hand_by_number_or_by_address() {
    let world = World::new().await;
    let address = integration::populate::email("grace@navy.example");
    let gone = [
        Subject::Phone(entity::phone::Phone::parse(NUMBER, "US").unwrap().phone),
        Subject::Email(address.clone()),
    ];
    world.run(async |tx| suppression::add(tx, &gone, "erased").await).await;
    let by_number = New::named("G", "H", "202 555 0108");
    let by_address = New { email: Some(address), ..New::named("G", "H", "202 555 0111") };
    for new in [by_number, by_address] {
        let made =
            world.db.run(world.context.clone(), async |tx| lead::create(tx, new).await).await;
        assert!(matches!(made, Err(Error::Denied(_))), "{made:?}");
    }
    world.run(async |tx| lead::create(tx, New::named("A", "B", "202 555 0112")).await).await;
    world.run_as(&world.neighbour, async |tx| lead::create(tx, grace()).await).await;
}

#[tokio::test]
async fn an_extension_is_a_field_of_its_own() {
    let world = World::new().await;
    let grace = made(&world).await;
    let ask = Update::of(&grace, vec![Change::PhoneNumber("202 555 0108 ext. 7".to_owned())]);
    let after = world.run(async |tx| lead::update(tx, grace.id, &ask).await).await;
    assert_eq!((after.version, after.phone_extension.as_deref()), (2, Some("7")));
    let told = world.run(async |tx| lead::changes(tx, grace.id).await).await;
    assert_eq!(
        (told[0].field_name.as_str(), told[0].new_value.as_deref()),
        ("phone_extension", Some("7"))
    );
}
