//! Words that were heard, what they did at once, and what a person made of them.

use chrono::TimeDelta;
use integration::{
    World,
    populate::{email, phone},
};
use service::{
    Actor, Context, Error, Result,
    leads::lead,
    outreach::{
        consent::{self, Basis, Channel, Grant, Purpose},
        dnc::{self, Check, Heard, Hearing, Medium, New},
        opt_out_review::{self, After, Grade, State},
    },
    tenancy::user,
};

const NUMBER: &str = "+12065550010";
const SURE: &str = "Okay. Take me off your list. Bye.";
const UNSURE: &str = "I'm not interested.";

fn heard(text: &str) -> Heard {
    Heard {
        number: "(206) 555-0010".to_owned(),
        text: text.to_owned(),
        medium: Medium::Speech,
        source: "call_transcript".to_owned(),
        reference: Some("call 7".to_owned()),
    }
}

async fn hear(world: &World, text: &str) -> Hearing {
    world.run(async |tx| dnc::hear(tx, &heard(text)).await).await
}

async fn is_clear(world: &World) -> bool {
    world.run(async |tx| dnc::check(tx, NUMBER).await).await.is_clear()
}

#[tokio::test]
async fn a_certain_request_takes_effect_at_once_with_the_words_as_evidence_and_a_person_looks_at_it()
 {
    let world = World::new().await;
    let lead = world
        .run(async |tx| lead::create(tx, lead::New::named("Ada", "Byron", NUMBER)).await)
        .await;
    let Hearing::Listed { entry, review: Some(review) } = hear(&world, SURE).await else {
        panic!("listed")
    };
    assert_eq!(entry.detected_phrase.as_deref(), Some("Take me off your list"));
    assert_eq!(
        (entry.reason.as_str(), entry.source.as_deref()),
        ("lead_requested", Some("call_transcript"))
    );
    assert!(!is_clear(&world).await);
    let status = "select status || ' ' || calling_blocked from leads";
    assert_eq!(world.strings(status).await, ["dnc true"]);
    let waiting = world.run(async |tx| opt_out_review::pending(tx, 10, None).await).await.items;
    assert_eq!(
        waiting.iter().map(|r| (r.id, r.grade, r.dnc_id)).collect::<Vec<_>>(),
        [(review, Grade::Certain, Some(entry.id))]
    );
    assert_eq!(
        (waiting[0].excerpt.as_str(), waiting[0].reference.as_deref()),
        (SURE, Some("call 7"))
    );
    let kept =
        world.run(async |tx| opt_out_review::confirm(tx, review, "heard it myself").await).await;
    assert_eq!(
        (kept.state, kept.dnc_id, kept.decided_by.as_deref()),
        (State::Confirmed, Some(entry.id), Some("system:test"))
    );
    assert!(!is_clear(&world).await);
    let history = world.run(async |tx| dnc::history(tx, NUMBER).await).await;
    assert_eq!(history.entries.len(), 1, "confirming adds none");
    assert_eq!(lead.calling_blocked, false);
}

#[tokio::test]
async fn what_may_be_a_request_lists_nobody_until_a_person_says_so() {
    let world = World::new().await;
    let Hearing::ForReview(review) = hear(&world, UNSURE).await else { panic!("for review") };
    assert!(is_clear(&world).await);
    assert_eq!(hear(&world, UNSURE).await, Hearing::ForReview(review), "the same words wait once");
    assert_eq!(hear(&world, "Call me tomorrow.").await, Hearing::Nothing);
    let confirmed =
        world.run(async |tx| opt_out_review::confirm(tx, review, "they meant it").await).await;
    let found = world.run(async |tx| dnc::check(tx, NUMBER).await).await;
    assert!(matches!(found, Check::Listed { reason, .. } if reason == "lead_requested"));
    let history = world.run(async |tx| dnc::history(tx, NUMBER).await).await;
    assert_eq!(confirmed.dnc_id, Some(history.entries[0].id));
    assert_eq!(history.entries[0].detected_phrase.as_deref(), Some("not interested"));
    let twice = async |tx: &service::Tx| opt_out_review::dismiss(tx, review, "no").await;
    assert!(matches!(world.db.run(world.context.clone(), twice).await, Err(Error::Conflict(_))));
    let theirs = world.db.run(world.neighbour.clone(), twice).await;
    assert!(matches!(theirs, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn what_a_program_misheard_is_undone_with_a_reason_as_if_it_had_not_been() {
    let world = World::new().await;
    world.run(async |tx| lead::create(tx, lead::New::named("Ada", "Byron", NUMBER)).await).await;
    let new = Grant {
        subject: phone(NUMBER).into(),
        purpose: Purpose::Marketing,
        channel: Channel::Sms,
        basis: Basis::Express,
        text_version: None,
        source: "paper".to_owned(),
        reference: None,
        granted_at: world.context.now - TimeDelta::days(1),
    };
    world.run(async |tx| consent::grant(tx, new).await).await;
    let holds = async || {
        world
            .run(async |tx| {
                let subject = phone(NUMBER).into();
                consent::holds_at(tx, &subject, Purpose::Marketing, Channel::Sms, tx.now()).await
            })
            .await
    };
    let Hearing::Listed { review: Some(review), .. } = hear(&world, SURE).await else {
        panic!("listed")
    };
    assert_eq!(holds().await, None);
    let blank = async |tx: &service::Tx| opt_out_review::dismiss(tx, review, " ").await;
    assert!(
        matches!(world.db.run(world.context.clone(), blank).await, Err(Error::Invalid { field, .. }) if field == "because")
    );
    world
        .run(async |tx| opt_out_review::dismiss(tx, review, "that was the television").await)
        .await;
    assert!(is_clear(&world).await);
    assert_eq!(holds().await, Some(Basis::Express));
    assert_eq!(
        world.strings("select status || ' ' || calling_blocked from leads").await,
        ["new false"]
    );
    let history = world.run(async |tx| dnc::history(tx, NUMBER).await).await;
    assert_eq!(history.entries[0].removal_reason.as_deref(), Some("that was the television"));
    // The same words again, on another call, are heard anew.
    assert!(
        matches!(hear(&world, SURE).await, Hearing::Listed { review: Some(again), .. } if again != review)
    );
}

#[tokio::test]
async fn what_stood_before_or_came_after_a_mistake_stands_when_the_mistake_goes() {
    let world = World::new().await;
    let add = async |reason: &str| {
        world.run(async |tx| dnc::add(tx, New::for_good(NUMBER, reason)).await).await
    };
    let first = add("lead_requested").await;
    let Hearing::Listed { entry, review: Some(review) } = hear(&world, SURE).await else {
        panic!("listed")
    };
    assert_ne!(entry.id, first.id);
    world.run(async |tx| opt_out_review::dismiss(tx, review, "a mistake").await).await;
    let found = world.run(async |tx| dnc::check(tx, NUMBER).await).await;
    assert!(matches!(found, Check::Listed { since, .. } if since == first.added_at), "{found:?}");
    // One that was taken off the list before the mistake does not come back.
    world.run(async |tx| dnc::remove(tx, NUMBER, "consent in writing").await).await;
    let Hearing::Listed { review: Some(review), .. } = hear(&world, SURE).await else {
        panic!("listed")
    };
    let later = world.later(TimeDelta::seconds(1));
    world.run_as(&later, async |tx| opt_out_review::dismiss(tx, review, "a mistake").await).await;
    assert!(is_clear(&world).await);
    // And one that took its place stays.
    let Hearing::Listed { review: Some(review), .. } = hear(&world, SURE).await else {
        panic!("listed")
    };
    let legal = add("legal").await;
    world.run(async |tx| opt_out_review::dismiss(tx, review, "a mistake").await).await;
    let history = world.run(async |tx| dnc::history(tx, NUMBER).await).await;
    let live: Vec<_> =
        history.entries.iter().filter(|e| e.removed_at.is_none()).map(|e| e.id).collect();
    assert_eq!(live, [legal.id]);
}

#[tokio::test]
async fn what_a_person_hears_needs_nobody_else_to_look_at_it() {
    let world = World::new().await;
    let sam = user::New {
        email: email("sam@tenant.example"),
        name: "Sam".to_owned(),
        role: "sales".to_owned(),
    };
    let sam = world.run(async |tx| user::add(tx, sam).await).await;
    let by_sam = Context { actor: Actor::User(sam.id), ..world.context.clone() };
    let done: Hearing = world.run_as(&by_sam, async |tx| dnc::hear(tx, &heard(SURE)).await).await;
    let Hearing::Listed { entry, review: None } = done else { panic!("{done:?}") };
    assert_eq!(entry.added_by_user_id, Some(sam.id));
}

#[tokio::test]
async fn reviews_are_read_oldest_first_page_by_page() {
    let world = World::new().await;
    for n in [3_i64, 1, 2, 0] {
        let at = world.later(TimeDelta::minutes(n));
        let words = Heard { number: format!("+1206555002{n}"), ..heard(UNSURE) };
        world.run_as(&at, async |tx| dnc::hear(tx, &words).await).await;
    }
    let page = async |after: Option<After>| {
        let page = world.run(async |tx| opt_out_review::pending(tx, 3, after).await).await;
        let numbers: Vec<String> =
            page.items.iter().map(|r| r.phone_number.as_str()[11..].to_owned()).collect();
        (numbers, page.next)
    };
    let (first, next) = page(None).await;
    assert_eq!(first, ["0", "1", "2"]);
    assert_eq!(page(next).await, (vec!["3".to_owned()], None));
    let none: Result<_> = world
        .db
        .run(world.context.clone(), async |tx| opt_out_review::pending(tx, 0, None).await)
        .await;
    assert!(matches!(none, Err(Error::Invalid { field, .. }) if field == "limit"));
    let theirs = async |tx: &service::Tx| opt_out_review::pending(tx, 9, None).await;
    assert!(world.run_as(&world.neighbour, theirs).await.items.is_empty());
}

#[tokio::test]
async fn what_is_heard_of_no_number_is_refused_and_strange_text_is_kept_as_text() {
    let world = World::new().await;
    let nobody = Heard { number: "911".to_owned(), ..heard(SURE) };
    let refused =
        world.db.run(world.context.clone(), async |tx| dnc::hear(tx, &nobody).await).await;
    assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == "number"));
    let strange = format!("\0{}\u{7}take me off your list{}", "x ".repeat(5_000), "🙂".repeat(500));
    hear(&world, &strange).await;
    let kept =
        "select char_length(excerpt) <= 1000 and phrase !~ '[[:cntrl:]]' from opt_out_reviews";
    let kept = world.strings(&format!("select ({kept})::text")).await;
    assert_eq!(kept, ["true"]);
}
