//! What a tenant settles about its leads: defaults, bounds, names, and the record of changes.

use integration::World;
use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use service::{
    Actor, Context, Error,
    entity::id::UserId,
    leads::system_config::{
        self, All, Change, History, Key, LeadLimits, NurtureSettings, ScoringWeights, Setting,
    },
};

fn hundredths(of: i64) -> Decimal {
    Decimal::new(of, 2)
}

async fn limits(world: &World) -> LeadLimits {
    world.run(async |tx| system_config::get(tx).await).await
}

async fn changes(world: &World, key: Key) -> Vec<Change> {
    world.run(async |tx| system_config::history(tx, key, &History::default()).await).await.items
}

/// Says something as a form does.
async fn say(world: &World, key: &str, value: Value) -> Result<bool, Error> {
    let who = world.context.clone();
    world.db.run(who, async |tx| system_config::set_json(tx, key, &value, "asked for").await).await
}

#[tokio::test]
async fn what_is_not_set_reads_as_its_default() {
    let world = World::new().await;
    let all: All = world.run(async |tx| system_config::all(tx).await).await;
    let weights = ScoringWeights {
        qualification: hundredths(40),
        engagement: hundredths(30),
        intent: hundredths(20),
        demographic: hundredths(10),
    };
    let limits = LeadLimits {
        max_leads_per_partner: 100,
        max_active_leads_per_partner: 50,
        max_imports_per_day: 5,
    };
    let nurture = NurtureSettings {
        max_sms_per_day: 100,
        max_emails_per_day: 100,
        auto_pause_on_reply: true,
        respect_dnc: true,
    };
    let expected =
        All { lead_scoring_weights: weights, lead_limits: limits, nurture_settings: nurture };
    assert_eq!(all, expected);
    world
        .run(async |tx| {
            assert_eq!(system_config::get::<ScoringWeights>(tx).await?, weights);
            assert_eq!(system_config::get::<LeadLimits>(tx).await?, limits);
            assert_eq!(system_config::get::<NurtureSettings>(tx).await?, nurture);
            Ok(())
        })
        .await;
}

#[tokio::test]
async fn a_change_is_written_down_with_who_why_and_what_it_was_before() {
    let world = World::new().await;
    let who = UserId::new();
    let busy = LeadLimits { max_imports_per_day: 10, ..LeadLimits::default() };
    let busier = LeadLimits { max_leads_per_partner: 200, ..busy };
    let first = Context { actor: Actor::User(who), ..world.context.clone() };
    assert!(world.run_as(&first, async |tx| system_config::set(tx, busy, "a fair").await).await);
    assert_eq!(limits(&world).await, busy);
    let later = world.later(chrono::TimeDelta::hours(1));
    assert!(world.run_as(&later, async |tx| system_config::set(tx, busier, "two").await).await);
    assert_eq!(limits(&world).await, busier);

    let [second, first] = changes(&world, Key::LeadLimits).await.try_into().unwrap();
    let said = |leads, imports| {
        json!({"max_leads_per_partner": leads, "max_active_leads_per_partner": 50,
               "max_imports_per_day": imports})
    };
    assert_eq!(first.old_value, None);
    assert_eq!(first.new_value, said(100, 10));
    assert_eq!((first.actor, first.reason.as_str()), (format!("user:{who}"), "a fair"));
    assert_eq!(second.old_value, Some(said(100, 10)));
    assert_eq!(second.new_value, said(200, 10));
    assert_eq!((second.actor.as_str(), second.changed_at), ("system:test", later.now));
    assert!(changes(&world, Key::NurtureSettings).await.is_empty());
    let by = "select coalesce(updated_by_user_id::text, 'a program') from system_config";
    assert_eq!(world.strings(by).await, ["a program"]);
}

#[tokio::test]
async fn what_reads_as_it_did_before_writes_nothing() {
    let world = World::new().await;
    let set = async |value: LeadLimits| {
        world.run(async |tx| system_config::set(tx, value, "again").await).await
    };
    assert!(!set(LeadLimits::default()).await, "it is the default already");
    assert_eq!(world.strings("select id::text from system_config").await.len(), 0);
    let none = LeadLimits { max_imports_per_day: 0, ..LeadLimits::default() };
    assert!(set(none).await);
    assert!(!set(none).await);
    assert_eq!(changes(&world, Key::LeadLimits).await.len(), 1);
    assert!(set(LeadLimits::default()).await, "back again");
    assert_eq!(changes(&world, Key::LeadLimits).await.len(), 2);
}

#[tokio::test]
async fn a_change_without_a_reason_is_refused_and_writes_nothing() {
    let world = World::new().await;
    let none = LeadLimits { max_imports_per_day: 0, ..LeadLimits::default() };
    for reason in ["", "  ", "\u{0}", &"x".repeat(501)] {
        let who = world.context.clone();
        let done = world.db.run(who, async |tx| system_config::set(tx, none, reason).await).await;
        assert!(matches!(done, Err(Error::Invalid { field, .. }) if field == "reason"));
    }
    assert_eq!(limits(&world).await, LeadLimits::default());
}

/// Defect 4-23.
#[tokio::test]
async fn both_forms_of_a_weights_name_are_taken_and_the_long_one_is_stored() {
    let world = World::new().await;
    let short = json!({"qualification": 0.25, "engagement": 0.25, "intent_weight": 0.3,
                       "demographic": 0.2});
    assert!(say(&world, "lead_scoring_weights", short).await.unwrap());
    let read: ScoringWeights = world.run(async |tx| system_config::get(tx).await).await;
    let expected = ScoringWeights {
        qualification: hundredths(25),
        engagement: hundredths(25),
        intent: hundredths(30),
        demographic: hundredths(20),
    };
    assert_eq!(read, expected);
    let stored = "select config_value::text from system_config";
    assert_eq!(
        world.strings(stored).await,
        ["{\"intent_weight\": 0.3, \"engagement_weight\": 0.25, \"demographic_weight\": 0.2, \
          \"qualification_weight\": 0.25}"]
    );
    let twice = json!({"qualification": 0.4, "qualification_weight": 0.4});
    let done = say(&world, "lead_scoring_weights", twice).await;
    assert!(matches!(done, Err(Error::Invalid { field, .. })
                     if field == "lead_scoring_weights.qualification"));
}

#[tokio::test]
async fn weights_add_up_to_one_give_or_take_a_hundredth() {
    let world = World::new().await;
    for (intent, good) in
        [(0.19, true), (0.1899, false), (0.21, true), (0.2101, false), (0.2, true)]
    {
        let done = say(&world, "lead_scoring_weights", json!({ "intent": intent })).await;
        match done {
            Ok(_) => assert!(good, "{intent}"),
            Err(Error::Invalid { field, .. }) => {
                assert!(!good && field == "lead_scoring_weights", "{intent}");
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn what_is_wrong_is_refused_by_name_and_nothing_is_written() {
    let world = World::new().await;
    for (key, value, field) in [
        ("moon_phase", json!({}), "config_key"),
        ("LEAD_LIMITS", json!({}), "config_key"),
        ("lead_limits", json!([]), "lead_limits"),
        ("lead_limits", json!(null), "lead_limits"),
        ("lead_limits", json!({"max_moons": 1}), "lead_limits.max_moons"),
        ("lead_limits", json!({"max_imports_per_day": "5"}), "lead_limits.max_imports_per_day"),
        ("lead_limits", json!({"max_imports_per_day": -1}), "lead_limits.max_imports_per_day"),
        ("lead_limits", json!({"max_imports_per_day": 2.5}), "lead_limits.max_imports_per_day"),
        ("lead_limits", json!({"max_imports_per_day": 1001}), "lead_limits.max_imports_per_day"),
        (
            "lead_limits",
            json!({"max_leads_per_partner": 1_000_001}),
            "lead_limits.max_leads_per_partner",
        ),
        (
            "lead_limits",
            json!({"max_active_leads_per_partner": 4_294_967_296_u64}),
            "lead_limits.max_active_leads_per_partner",
        ),
        ("nurture_settings", json!({"respect_dnc": "yes"}), "nurture_settings.respect_dnc"),
        (
            "nurture_settings",
            json!({"max_sms_per_day": 100_001}),
            "nurture_settings.max_sms_per_day",
        ),
        (
            "nurture_settings",
            json!({"max_emails_per_day": true}),
            "nurture_settings.max_emails_per_day",
        ),
        ("lead_scoring_weights", json!({"intent": "0.2"}), "lead_scoring_weights.intent"),
        (
            "lead_scoring_weights",
            json!({"intent_weight": -0.1, "engagement_weight": 0.6}),
            "lead_scoring_weights.intent_weight",
        ),
        (
            "lead_scoring_weights",
            json!({"qualification": 1.0001, "engagement": 0, "intent": 0, "demographic": 0}),
            "lead_scoring_weights.qualification_weight",
        ),
        (
            "lead_scoring_weights",
            json!({"intent_weight": 0.200_001}),
            "lead_scoring_weights.intent_weight",
        ),
        (
            "lead_scoring_weights",
            json!({"intent_weight": 1e300}),
            "lead_scoring_weights.intent_weight",
        ),
    ] {
        match say(&world, key, value.clone()).await {
            Err(Error::Invalid { field: said, .. }) => assert_eq!(said, field, "{key} {value}"),
            other => panic!("{key} {value}: {other:?}"),
        }
    }
    let all: All = world.run(async |tx| system_config::all(tx).await).await;
    assert_eq!(all, All::default());
}

#[tokio::test]
async fn the_bounds_themselves_are_good() {
    let world = World::new().await;
    let most = json!({"max_leads_per_partner": 1_000_000, "max_active_leads_per_partner": 0,
                      "max_imports_per_day": 1000});
    assert!(say(&world, "lead_limits", most).await.unwrap());
    let one = json!({"qualification": 1, "engagement": 0, "intent": 0, "demographic": 0});
    assert!(say(&world, "lead_scoring_weights", one).await.unwrap());
    let weights: ScoringWeights = world.run(async |tx| system_config::get(tx).await).await;
    assert_eq!(weights.qualification, Decimal::ONE);
}

#[tokio::test]
async fn a_member_that_is_missing_or_null_reads_as_its_default() {
    let world = World::new().await;
    let part = json!({"max_sms_per_day": 7, "respect_dnc": null});
    assert!(say(&world, "nurture_settings", part).await.unwrap());
    let read: NurtureSettings = world.run(async |tx| system_config::get(tx).await).await;
    assert_eq!(read, NurtureSettings { max_sms_per_day: 7, ..NurtureSettings::default() });
}

#[test]
fn a_weight_is_stored_and_read_as_the_decimal_that_it_is() {
    for ten_thousandths in 0..=10_000 {
        let part = Decimal::new(ten_thousandths, 4);
        let weights = ScoringWeights {
            qualification: part,
            engagement: Decimal::ONE - part,
            intent: Decimal::ZERO,
            demographic: Decimal::ZERO,
        };
        let text = weights.to_json().to_string();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(ScoringWeights::from_json(&value).unwrap(), weights, "{text}");
    }
}

#[tokio::test]
async fn what_another_version_wrote_is_told_and_can_be_replaced() {
    let world = World::new().await;
    let tenant = world.context.tenant;
    let newer = format!(
        "insert into system_config (tenant_id, id, config_key, config_value)
         values ('{tenant}', gen_random_uuid(), 'lead_limits', '{{\"max_moons\": 3}}')"
    );
    world.owner.execute_unprepared(&newer).await.unwrap();
    let who = world.context.clone();
    let read =
        world.db.run(who.clone(), async |tx| system_config::get::<LeadLimits>(tx).await).await;
    let Err(Error::Conflict(why)) = read else { panic!("{read:?}") };
    assert!(why.contains("another version") && why.contains("lead_limits.max_moons"), "{why}");
    let read = world.db.run(who, async |tx| system_config::all(tx).await).await;
    assert!(matches!(read, Err(Error::Conflict(_))));

    let fresh = LeadLimits::default();
    assert!(world.run(async |tx| system_config::set(tx, fresh, "of before").await).await);
    assert_eq!(limits(&world).await, fresh);
    let [change] = changes(&world, Key::LeadLimits).await.try_into().unwrap();
    assert_eq!(change.old_value, Some(json!({"max_moons": 3})));
}

#[tokio::test]
async fn of_many_who_settle_a_key_at_once_each_comes_after_another_and_none_is_lost() {
    let world = World::new().await;
    let settling = (1..=16).map(|imports| {
        let (db, who) = (world.db.clone(), world.context.clone());
        tokio::spawn(async move {
            let value = LeadLimits { max_imports_per_day: imports + 5, ..LeadLimits::default() };
            db.run(who, async |tx| system_config::set(tx, value, "mine").await).await.unwrap()
        })
    });
    for settled in settling.collect::<Vec<_>>() {
        assert!(settled.await.unwrap());
    }
    let changes = changes(&world, Key::LeadLimits).await;
    assert_eq!(changes.len(), 16);
    // Each value but the last is what one other change found.
    let first = changes.iter().filter(|change| change.old_value.is_none()).count();
    assert_eq!(first, 1);
    let last = limits(&world).await.to_json();
    let found = |value: &Value| {
        changes.iter().filter(|change| change.old_value.as_ref() == Some(value)).count()
    };
    for change in &changes {
        assert_eq!(found(&change.new_value), usize::from(change.new_value != last));
    }
}

#[tokio::test]
async fn changes_are_read_a_page_at_a_time_latest_first() {
    let world = World::new().await;
    for hour in 0..5 {
        let value = LeadLimits { max_imports_per_day: 10 + hour, ..LeadLimits::default() };
        let then = world.later(chrono::TimeDelta::hours(i64::from(hour / 2)));
        world.run_as(&then, async |tx| system_config::set(tx, value, "x").await).await;
    }
    let mut ask = History { limit: 2, after: None };
    let mut read = vec![];
    loop {
        let page =
            world.run(async |tx| system_config::history(tx, Key::LeadLimits, &ask).await).await;
        read.extend(
            page.items.iter().map(|c| c.new_value["max_imports_per_day"].as_u64().unwrap()),
        );
        let Some(next) = page.next else { break };
        ask.after = Some(next);
    }
    assert_eq!(read, [14, 13, 12, 11, 10]);
}

#[tokio::test]
async fn one_tenants_settings_are_not_anothers() {
    let world = World::new().await;
    let none = LeadLimits { max_imports_per_day: 0, ..LeadLimits::default() };
    let theirs = &world.neighbour;
    world.run_as(theirs, async |tx| system_config::set(tx, none, "closed").await).await;
    assert_eq!(limits(&world).await, LeadLimits::default());
    assert!(changes(&world, Key::LeadLimits).await.is_empty());
}
