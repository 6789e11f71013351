//! The document's filters, and all that are not.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta};
use entity::{id::UserId, leads::lead::Status};
use proptest::prelude::*;
use sea_orm::Iterable;
use serde_json::{Value, json};
use service::{
    Error,
    leads::segment::{
        Choice, Condition, Filter, Moment, Never, NumberField, Order, Tags, TextField, Time,
        TimeField, read,
    },
};

use super::filter;

fn set<T: Ord>(of: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    of.into_iter().collect()
}

/// Seed 004, 5.6.
#[test]
fn the_documents_two_filters_are_understood_and_written_as_they_were() {
    let hot = json!({
        "status": ["qualified", "hot"], "lead_score": {"gte": 70}, "tags": {"contains_any": ["hot"]},
    });
    let understood = Filter::All(vec![
        Filter::Is(Condition::Status(Choice::In(set([Status::Hot, Status::Qualified])))),
        Filter::Is(Condition::Number(NumberField::LeadScore, Order::Gte, 70)),
        Filter::Is(Condition::Tags(Tags::ContainsAny(set(["hot".to_owned()])))),
    ]);
    assert_eq!(filter(hot.clone()), understood.normal());
    assert_eq!(Value::from(filter(hot.clone())), hot);
    let facebook = json!({
        "source": "facebook_ads", "status": ["contacted", "nurturing"],
        "last_contact": {"gte": "2024-01-01"},
    });
    assert_eq!(Value::from(filter(facebook.clone())), facebook);
}

#[test]
fn every_form_of_the_grammar_says_what_it_means() {
    let text = |of| Filter::Is(Condition::Text(TextField::State, of));
    let names = |of: &[&str]| of.iter().map(|s| (*s).to_owned()).collect::<BTreeSet<_>>();
    for (json, means) in [
        (json!({"state": {"eq": "NY"}}), text(Choice::is("NY".to_owned()))),
        (json!({"state": {"ne": "NY"}}), text(Choice::NotIn(names(&["NY"])))),
        (json!({"state": {"in": ["NY", "NJ"]}}), text(Choice::In(names(&["NJ", "NY"])))),
        (json!({"state": {"not_in": ["NY", "NJ"]}}), text(Choice::NotIn(names(&["NJ", "NY"])))),
        (json!({"state": {"is_null": true}}), text(Choice::IsNull(true))),
        (json!({"any": [{"state": "NY"}]}), text(Choice::is("NY".to_owned()))),
        (json!({"not": {"state": "NY"}}), Filter::Not(Box::new(text(Choice::is("NY".to_owned()))))),
        (json!({}), Filter::everybody()),
        (
            json!({"tags": ["Warm ", "a"]}),
            Filter::Is(Condition::Tags(Tags::ContainsAny(names(&["a", "warm"])))),
        ),
        (
            json!({"last_contact": {"lte": {"days_ago": 7}, "or_never": true}}),
            Filter::Is(Condition::Time(
                TimeField::LastContact,
                Time::Compare(Order::Lte, Moment::DaysAgo(7), Never::Found),
            )),
        ),
    ] {
        assert_eq!(filter(json.clone()), means, "{json}");
    }
    let both = filter(json!({"lead_score": {"gte": 10, "lt": 20}}));
    assert_eq!(both.conditions().count(), 2);
    assert_eq!(Value::from(both), json!({"lead_score": {"gte": 10, "lt": 20}}));
}

#[test]
fn what_is_not_known_is_refused_by_its_name() {
    for (json, named) in [
        (json!({"shoe_size": 9}), "filter.shoe_size"),
        (json!({"last_contact_date": "2024-01-01"}), "filter.last_contact_date"),
        (json!({"lead_score": {"above": 9}}), "filter.lead_score.above"),
        (json!({"lead_score": {"gte": "9"}}), "filter.lead_score.gte"),
        (json!({"lead_score": {"gte": 9.5}}), "filter.lead_score.gte"),
        (json!({"lead_score": {"gte": 3_000_000_000_i64}}), "filter.lead_score.gte"),
        (json!({"lead_score": {"is_null": true}}), "filter.lead_score"),
        (json!({"status": "lost"}), "filter.status.eq"),
        (json!({"status": {"gte": "hot"}}), "filter.status.gte"),
        (json!({"status": {"is_null": false}}), "filter.status"),
        (json!({"source": 7}), "filter.source.eq"),
        (json!({"source": []}), "filter.source"),
        (json!({"source": {}}), "filter.source"),
        (json!({"source": null}), "filter.source.eq"),
        (json!({"source": {"contains_any": ["x"]}}), "filter.source.contains_any"),
        (json!({"source": " "}), "filter.source"),
        (json!({"source": "a\u{0}b"}), "filter.source"),
        (json!({"source": {"eq": "x", "or_never": true}}), "filter.source.eq"),
        (json!({"user_id": "me"}), "filter.user_id.eq"),
        (json!({"tags": {"gte": "x"}}), "filter.tags.gte"),
        (json!({"tags": {"contains_all": []}}), "filter.tags"),
        (json!({"last_contact": {"gte": "yesterday"}}), "filter.last_contact.gte"),
        (json!({"last_contact": {"gte": {"days_ago": -1}}}), "filter.last_contact.gte"),
        (json!({"last_contact": {"gte": {"days_ago": 36_501}}}), "filter.last_contact"),
        (json!({"last_contact": {"gte": "1969-12-31"}}), "filter.last_contact"),
        (json!({"last_contact": {"in": ["2024-01-01"]}}), "filter.last_contact.in"),
        (json!({"last_contact": {"or_never": true}}), "filter.last_contact"),
        (
            json!({"last_contact": {"gte": "2024-01-01", "or_never": 1}}),
            "filter.last_contact.or_never",
        ),
        (json!({"created_at": {"gte": "2024-01-01", "or_never": true}}), "filter.created_at"),
        (json!({"any": []}), "filter.any"),
        (json!({"all": {}}), "filter.all"),
        (json!({"not": [{}]}), "filter.not"),
        (json!({"any": [{"not": {"shoe": 1}}]}), "filter.shoe"),
        (json!([]), "filter"),
        (json!("hot"), "filter"),
    ] {
        match read(json.clone()) {
            Err(Error::Invalid { field, .. }) => assert_eq!(field, named, "{json}"),
            other => panic!("{json}: {other:?}"),
        }
    }
}

#[test]
fn what_would_cost_without_bound_is_refused_and_what_is_just_within_is_not() {
    let fits = |json: Value| read(json).is_ok();
    let values = |n: usize| json!({"source": (0..n).map(|i| format!("s{i}")).collect::<Vec<_>>()});
    assert!(fits(values(100)) && !fits(values(101)));
    let tags = |n: usize| json!({"tags": {"contains_all": (0..n).map(|i| format!("t{i}")).collect::<Vec<_>>()}});
    assert!(fits(tags(10)) && !fits(tags(11)));
    let conditions = |n: usize| json!({"any": (0..n).map(|i| json!({"city": format!("c{i}")})).collect::<Vec<_>>()});
    assert!(fits(conditions(50)) && !fits(conditions(51)));
    let text = |n: usize| json!({"city": "x".repeat(n)});
    assert!(fits(text(100)) && !fits(text(101)));
    let tag = |n: usize| json!({"tags": "é".repeat(n)});
    assert!(fits(tag(50)) && !fits(tag(51)));
    let deep = |n: usize| {
        (0..n).fold(json!({"city": "x", "state": "y"}), |inner, n| {
            if n % 2 == 0 {
                json!({"any": [inner, {"city": "z"}]})
            } else {
                json!({"all": [inner], "source": "x"})
            }
        })
    };
    assert!(fits(deep(5)) && !fits(deep(6)) && !fits(deep(500)));
}

fn choice<T: Ord + Clone + std::fmt::Debug + 'static>(
    values: Vec<T>,
    nullable: bool,
) -> impl Strategy<Value = Choice<T>> {
    let most = values.len().min(3);
    let some = prop::sample::subsequence(values, 1..=most).prop_map(set);
    prop_oneof![
        3 => some.clone().prop_map(Choice::In),
        3 => some.prop_map(Choice::NotIn),
        u32::from(nullable) => any::<bool>().prop_map(Choice::IsNull),
    ]
}

fn texts(of: &[&str]) -> Vec<String> {
    of.iter().map(|s| (*s).to_owned()).collect()
}

/// Texts and tags that leads of the tests have, and some that they have not.
pub const TEXTS: [&str; 6] = ["event", "Event", "zürich", "US", "日本", "nobody's"];
pub const TAGS: [&str; 5] = ["warm", "cold", "über", "日本", "nobody's"];
/// Whom leads of the tests belong to.
pub fn users() -> Vec<UserId> {
    (1..4).map(|n| UserId(uuid::Uuid::from_u128(n))).collect()
}

/// Around a midnight of the test's zone and a minute later.
pub fn instants() -> Vec<DateTime<chrono::Utc>> {
    let midnight: DateTime<chrono::Utc> = "2026-02-28T05:00:00Z".parse().unwrap();
    [-86_400_000_000_i64, -1, 0, 1, 60_000_000, 86_399_999_999, 86_400_000_000, 172_800_000_000]
        .map(|micros| midnight + TimeDelta::microseconds(micros))
        .to_vec()
}

fn condition() -> impl Strategy<Value = Condition> {
    let order = || prop::sample::select(vec![Order::Gt, Order::Gte, Order::Lt, Order::Lte]);
    let number = || prop::sample::select(NumberField::ALL);
    let moment = || {
        prop_oneof![
            prop::sample::select(instants()).prop_map(Moment::At),
            (26_u32..29)
                .prop_map(|d| NaiveDate::from_ymd_opt(2026, 2, d).unwrap())
                .prop_map(Moment::On),
            (0_u32..6).prop_map(Moment::DaysAgo),
        ]
    };
    let never = || prop::sample::select(vec![Never::Out, Never::Found]);
    let time = |never: BoxedStrategy<Never>, nullable: bool| {
        prop_oneof![
            2 => (moment(), never.clone()).prop_map(|(at, never)| Time::Eq(at, never)),
            6 => (order(), moment(), never).prop_map(|(o, at, never)| Time::Compare(o, at, never)),
            u32::from(nullable) => any::<bool>().prop_map(Time::IsNull),
        ]
    };
    let tags = prop::sample::subsequence(texts(&TAGS), 1..=3).prop_map(set);
    prop_oneof![
        choice(Status::iter().collect(), false).prop_map(Condition::Status),
        (prop::sample::select(TextField::ALL), choice(texts(&TEXTS), true))
            .prop_map(|(field, of)| Condition::Text(field, of)),
        choice(users(), true).prop_map(Condition::Owner),
        (number(), order(), -1..=5_i32).prop_map(|(f, o, n)| Condition::Number(f, o, n)),
        (number(), choice(vec![0, 1, 2, 3], false)).prop_map(|(f, of)| Condition::Among(f, of)),
        time(never().boxed(), true).prop_map(|of| Condition::Time(TimeField::LastContact, of)),
        time(Just(Never::Out).boxed(), false)
            .prop_map(|of| Condition::Time(TimeField::CreatedAt, of)),
        tags.clone().prop_map(|tags| Condition::Tags(Tags::ContainsAny(tags))),
        tags.prop_map(|tags| Condition::Tags(Tags::ContainsAll(tags))),
        any::<bool>().prop_map(|is| Condition::Tags(Tags::IsNull(is))),
    ]
}

/// Filters of every kind, some levels deep.
pub fn filters() -> impl Strategy<Value = Filter> {
    condition().prop_map(Filter::Is).prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Filter::All),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::Any),
            inner.prop_map(|inner| Filter::Not(Box::new(inner))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_filter_is_read_back_from_its_json_as_it_was(filter in filters()) {
        let normal = filter.clone().normal();
        prop_assert_eq!(normal.clone().normal(), normal.clone());
        let json = Value::from(filter);
        let text = serde_json::to_string(&json).unwrap();
        let back = read(serde_json::from_str(&text).unwrap());
        prop_assert_eq!(back.unwrap(), normal, "{}", text);
    }

    #[test]
    fn no_json_makes_it_panic(keys in prop::collection::vec("status|any|not|all|tags|last_contact|[a-z]{1,3}", 1..6), leaf in "[a-z0-9-]{0,8}") {
        let json = keys.iter().fold(json!(leaf), |inner, key| json!({key: inner}));
        let _ = read(json.clone());
        let listed = keys.iter().fold(json!([leaf]), |inner, key| json!({key: [inner]}));
        let _ = read(listed);
    }
}
