//! Sequences: written down, read back, refused, changed without those on the way noticing.

use integration::{World, populate::nurture::welcome};
use serde_json::{Value, json};
use service::{
    Error,
    outreach::nurture_sequence::{
        self, Channel, Conditions, Edit, List, MOST_STEPS, Model, New, OnDnc, ReEntry, Step, Steps,
        Words, read_steps, render,
    },
};

/// The field that an error names.
fn field<T: std::fmt::Debug>(done: Result<T, Error>) -> String {
    match done {
        Err(Error::Invalid { field, .. }) => field.into_owned(),
        other => panic!("{other:?}"),
    }
}

fn step(changes: &Value) -> Value {
    let mut step = json!({"step": 1, "delay_days": 0, "channel": "sms", "template_id": "t"});
    for (key, value) in changes.as_object().unwrap() {
        step[key] = value.clone();
    }
    step
}

async fn create(world: &World, new: New) -> Model {
    world.run(async |tx| nurture_sequence::create(tx, new).await).await
}

#[test]
fn the_documents_json_is_read_and_stored_as_it_is() {
    let told = json!([
        {"step": 1, "delay_days": 0, "channel": "sms", "template_id": "welcome",
         "message": "Hi {{first_name}}", "conditions": {"status_in": ["hot"], "score_gte": 70}},
        {"step": 2, "delay_days": 2, "channel": "email", "template_id": "more", "subject": "More"},
        {"step": 3, "delay_days": 7, "channel": "call", "template_id": "call"}
    ]);
    let steps = read_steps(&told).unwrap();
    assert_eq!(serde_json::to_value(&steps).unwrap(), told);
    assert_eq!(steps.0[0].conditions.score_gte, Some(70));
    assert_eq!(serde_json::from_value::<Steps>(told).unwrap(), steps);
    let kept: Vec<_> = welcome().0.iter().map(|s| (s.delay_days, s.channel)).collect();
    let expected = [(0, Channel::Sms), (2, Channel::Email), (5, Channel::Sms), (7, Channel::Call)];
    assert_eq!(kept, expected);
}

#[test]
fn what_is_unknown_or_cannot_be_meant_is_refused_with_its_place() {
    let first = |changes: Value| field(read_steps(&json!([step(&changes)])));
    assert_eq!(first(json!({"colour": "red"})), "steps[1].colour");
    assert_eq!(first(json!({"channel": "fax"})), "steps[1].channel");
    assert_eq!(first(json!({"channel": null})), "steps[1].channel");
    assert_eq!(first(json!({"delay_days": -1})), "steps[1].delay_days");
    assert_eq!(first(json!({"delay_days": 3651})), "steps[1].delay_days");
    assert_eq!(first(json!({"delay_days": 1.5})), "steps[1].delay_days");
    assert_eq!(first(json!({"step": 0})), "steps[1].step");
    assert_eq!(first(json!({"step": 2})), "steps[1].step");
    assert_eq!(first(json!({"template_id": " "})), "steps[1].template_id");
    assert_eq!(first(json!({"template_id": "x".repeat(101)})), "steps[1].template_id");
    assert_eq!(first(json!({"subject": ""})), "steps[1].subject");
    assert_eq!(first(json!({"message": "Hi {{last_name}}"})), "steps[1].message");
    assert_eq!(first(json!({"message": "Hi {{first_name"})), "steps[1].message");
    assert_eq!(first(json!({"message": "x".repeat(5001)})), "steps[1].message");
    assert_eq!(first(json!({"conditions": []})), "steps[1].conditions");
    assert_eq!(first(json!({"conditions": {"mood": 1}})), "steps[1].conditions.mood");
    assert_eq!(
        first(json!({"conditions": {"status_in": ["lost"]}})),
        "steps[1].conditions.status_in"
    );
    assert_eq!(
        first(json!({"conditions": {"status_in": ["dnc"]}})),
        "steps[1].conditions.status_in"
    );
    assert_eq!(first(json!({"conditions": {"score_gte": 101}})), "steps[1].conditions.score_gte");
    assert_eq!(
        first(json!({"conditions": {"score_gte": 50, "score_lte": 49}})),
        "steps[1].conditions.score_lte"
    );
    let good = |changes: Value| read_steps(&json!([step(&changes)])).is_ok();
    assert!(good(json!({"delay_days": 3650, "template_id": "x".repeat(100)})));
    assert!(good(json!({"conditions": {"score_gte": 50, "score_lte": 50}})));
    assert!(good(json!({"message": "x".repeat(5000), "subject": null})));
    // The second of two with one number, and numbers in another order.
    let twice = json!([step(&json!({})), step(&json!({}))]);
    assert_eq!(field(read_steps(&twice)), "steps[2].step");
    let backwards = json!([step(&json!({"step": 2})), step(&json!({"step": 1}))]);
    assert_eq!(field(read_steps(&backwards)), "steps[1].step");
    for none in [json!([]), json!({}), json!("sms"), json!(null)] {
        assert_eq!(field(read_steps(&none)), "steps");
    }
    assert_eq!(field(read_steps(&json!(["sms"]))), "steps[1]");
    let many = |n: usize| (1..=n).map(|n| step(&json!({"step": n}))).collect::<Value>();
    assert!(read_steps(&many(MOST_STEPS)).is_ok());
    assert_eq!(field(read_steps(&many(MOST_STEPS + 1))), "steps");
}

#[test]
fn names_stand_where_they_are_wanted_and_what_they_hold_is_left_alone() {
    let words = Words { first_name: "{{partner_name}}", partner_name: "Sam" };
    let said = render("Hi {{first_name}}, {{ partner_name }} here. {{first_name}}}", words);
    assert_eq!(said.unwrap(), "Hi {{partner_name}}, Sam here. {{partner_name}}}");
    assert!(render("{{{first_name}}}", words).is_err());
    assert!(render("{{FIRST_NAME}}", words).is_err());
    assert!(render("{{}}", words).is_err());
    assert_eq!(render("no } places {", words).unwrap(), "no } places {");
}

#[tokio::test]
async fn a_sequence_that_cannot_be_right_is_refused_and_nothing_is_written() {
    let world = World::new().await;
    let refused = async |new: New| {
        let create = async |tx: &service::Tx| nurture_sequence::create(tx, new).await;
        field(world.db.run(world.context.clone(), create).await)
    };
    let good = || New::named("Welcome", welcome());
    assert_eq!(refused(New { name: " ".to_owned(), ..good() }).await, "name");
    assert_eq!(refused(New { name: "x".repeat(256), ..good() }).await, "name");
    assert_eq!(refused(New { cool_down_days: -1, ..good() }).await, "cool_down_days");
    assert_eq!(refused(New { cool_down_days: 3651, ..good() }).await, "cool_down_days");
    assert_eq!(refused(New { steps: Steps::default(), ..good() }).await, "steps");
    let conditions = Some(Conditions { score_lte: Some(-1), ..Conditions::default() });
    let refused = refused(New { trigger_conditions: conditions, ..good() }).await;
    assert_eq!(refused, "trigger_conditions.score_lte");
    assert_eq!(world.strings("select count(*)::text from nurture_sequences").await, ["0"]);
}

#[tokio::test]
async fn other_steps_are_another_version_and_the_same_steps_are_none() {
    let world = World::new().await;
    let made = create(&world, New::named("Welcome", welcome())).await;
    assert_eq!((made.version, made.active, made.on_dnc), (1, true, OnDnc::Stop));
    let edit = async |edit: Edit| {
        world.run(async |tx| nurture_sequence::edit(tx, made.id, edit).await).await
    };
    let renamed = edit(Edit {
        name: Some("Hello".to_owned()),
        steps: Some(welcome()),
        re_entry: Some(ReEntry::Never),
        ..Edit::default()
    });
    let renamed = renamed.await;
    assert_eq!((renamed.name.as_str(), renamed.version), ("Hello", 1));
    let shorter = Steps(welcome().0.into_iter().take(2).collect());
    let edited = edit(Edit { steps: Some(shorter.clone()), ..Edit::default() }).await;
    assert_eq!((edited.version, &edited.steps), (2, &shorter));
    assert_eq!((edited.name.as_str(), edited.re_entry), ("Hello", ReEntry::Never));
    let versions = world.run(async |tx| nurture_sequence::versions(tx, made.id).await).await;
    let versions: Vec<_> = versions.into_iter().map(|v| (v.version, v.steps)).collect();
    assert_eq!(versions, [(1, welcome()), (2, shorter)]);
    let bad = Edit { steps: Some(Steps(vec![])), ..Edit::default() };
    let bad = async |tx: &service::Tx| nurture_sequence::edit(tx, made.id, bad).await;
    assert_eq!(field(world.db.run(world.context.clone(), bad).await), "steps");
}

#[tokio::test]
async fn the_list_pages_and_knows_which_are_active_and_never_shows_the_neighbours() {
    let world = World::new().await;
    let theirs = async |tx: &service::Tx| {
        nurture_sequence::create(tx, New::named("Theirs", welcome())).await
    };
    let theirs = world.run_as(&world.neighbour, theirs).await;
    let mut ids = vec![];
    for n in 0..3 {
        ids.push(create(&world, New::named(&format!("s{n}"), welcome())).await.id);
    }
    let off = world.run(async |tx| nurture_sequence::deactivate(tx, ids[1]).await).await;
    assert!(!off.active);
    let read = async |ask: List| world.run(async |tx| nurture_sequence::list(tx, &ask).await).await;
    let first = read(List { limit: 2, ..List::default() }).await;
    assert_eq!(first.items.iter().map(|s| s.id).collect::<Vec<_>>(), ids[..2]);
    let rest = read(List { limit: 2, after: first.next, ..List::default() }).await;
    assert_eq!(rest.items.iter().map(|s| s.id).collect::<Vec<_>>(), ids[2..]);
    assert_eq!(rest.next, None);
    let active = read(List { only_active: true, ..List::default() }).await;
    assert_eq!(active.items.iter().map(|s| s.id).collect::<Vec<_>>(), [ids[0], ids[2]]);
    let on = world.run(async |tx| nurture_sequence::activate(tx, ids[1]).await).await;
    assert!(on.active);
    let get = async |tx: &service::Tx| nurture_sequence::get(tx, theirs.id).await;
    assert!(matches!(world.db.run(world.context.clone(), get).await, Err(Error::NotFound(_))));
    let one: Step = welcome().0.remove(0);
    assert_eq!(one.message.as_deref(), Some("Hi {{first_name}}, this is {{partner_name}}."));
}
