//! How strong a sign is, here and in the database.

use integration::World;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use sea_orm::{ActiveEnum, ConnectionTrait, DbBackend, Iterable, Statement};
use serde_json::{Value, json};
use service::sales::opportunity_signal::{Context, SignalType, strength, strength_of};

use super::decimal;

fn context(keyword_count: Option<i32>, is_decision_maker: Option<bool>) -> Context {
    Context { keyword_count, is_decision_maker, ..Context::default() }
}

/// Defect 2-9.
#[test]
fn each_type_has_the_databases_base() {
    for (signal_type, base) in [
        (SignalType::Complaint, "0.80"),
        (SignalType::Urgency, "0.90"),
        (SignalType::BudgetMention, "0.85"),
        (SignalType::CompetitorMention, "0.75"),
        (SignalType::Expansion, "0.95"),
        (SignalType::Renewal, "0.90"),
        (SignalType::Upsell, "0.85"),
        (SignalType::Referral, "0.95"),
        (SignalType::ChurnRisk, "0.95"),
    ] {
        assert_eq!(strength(signal_type, &Context::default()), decimal(base), "{signal_type:?}");
    }
    assert_eq!(strength_of(Some("joy"), None), decimal("0.50"));
    assert_eq!(strength_of(None, None), decimal("0.50"));
}

#[test]
fn more_than_two_words_and_who_decides_add_to_it_and_one_is_the_most() {
    let complaint = |words, decides| strength(SignalType::Complaint, &context(words, decides));
    assert_eq!(complaint(Some(2), None), decimal("0.80"));
    assert_eq!(complaint(Some(3), None), decimal("0.90"));
    assert_eq!(complaint(None, Some(false)), decimal("0.80"));
    assert_eq!(complaint(None, Some(true)), decimal("0.85"));
    assert_eq!(complaint(Some(3), Some(true)), decimal("0.95"));
    assert_eq!(strength(SignalType::ChurnRisk, &context(Some(3), Some(true))), decimal("1"));
    assert_eq!(strength(SignalType::Urgency, &context(Some(3), Some(true))), decimal("1"));
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-5_i64..8).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec![0.5, 1.999, 2.0, 2.5, 3.0, -2.5, 1e20]).prop_map(Value::from),
        prop::sample::select(vec![
            "3",
            "2",
            "-3",
            "+3",
            " 3",
            "3.5",
            "many",
            "",
            "999999999999999999",
            "9999999999999999999999",
            "true",
            "TRUE",
            "t",
            "yes",
            "Y",
            "on",
            "1",
            "0",
            "false",
            "no",
            "３",
            "0003",
        ])
        .prop_map(Value::from),
        Just(json!([3])),
        Just(json!({"n": 3})),
    ]
}

fn any_context() -> impl Strategy<Value = Option<Value>> {
    let object = (prop::option::of(scalar()), prop::option::of(scalar())).prop_map(|(n, d)| {
        let mut object = serde_json::Map::new();
        object.extend(n.map(|n| ("keyword_count".to_owned(), n)));
        object.extend(d.map(|d| ("is_decision_maker".to_owned(), d)));
        Value::Object(object)
    });
    prop_oneof![8 => object.prop_map(Some), 1 => scalar().prop_map(Some), 1 => Just(None)]
}

/// What the database says, which is asked as the application.
async fn asked(world: &World, cases: &[(Option<String>, Option<Value>)]) -> Vec<String> {
    let names: Vec<Option<String>> = cases.iter().map(|(name, _)| name.clone()).collect();
    let texts: Vec<Option<String>> =
        cases.iter().map(|(_, context)| context.as_ref().map(Value::to_string)).collect();
    let mut answers = vec![];
    world
        .run(async |tx| {
            for (name, text) in names.into_iter().zip(texts) {
                let ask = Statement::from_sql_and_values(
                    DbBackend::Postgres,
                    "select calculate_signal_strength($1, $2::jsonb)::text",
                    [name.into(), text.into()],
                );
                let row = tx.query_one_raw(ask).await?.unwrap();
                answers.push(row.try_get_by_index::<String>(0)?);
            }
            Ok(())
        })
        .await;
    answers
}

#[tokio::test]
async fn the_database_and_the_service_say_the_same_of_whatever_they_are_asked() {
    let world = World::new().await;
    let mut runner = TestRunner::deterministic();
    let mut names: Vec<Option<String>> = SignalType::iter().map(|t| Some(t.to_value())).collect();
    names.extend([None, Some("joy".to_owned()), Some(String::new()), Some("Complaint".to_owned())]);
    let case = (prop::sample::select(names), any_context());
    let cases: Vec<_> = (0..1500).map(|_| case.new_tree(&mut runner).unwrap().current()).collect();
    let answers = asked(&world, &cases).await;
    let mut seen = std::collections::BTreeSet::new();
    for ((name, context), answer) in cases.iter().zip(answers) {
        let ours = strength_of(name.as_deref(), context.as_ref());
        assert_eq!(decimal(&answer), ours, "{name:?} {context:?}");
        assert_eq!(answer.len(), 4, "{answer}");
        seen.insert(answer);
    }
    // The bases and what is added to them.
    assert!(seen.len() >= 9, "{seen:?}");
}

#[tokio::test]
async fn a_count_that_is_no_number_raises_nothing_and_counts_nothing() {
    let world = World::new().await;
    let complaint = || Some("complaint".to_owned());
    let cases = [
        (complaint(), Some(json!({"keyword_count": "many"}))),
        (complaint(), Some(json!({"keyword_count": null}))),
        (complaint(), Some(json!({"keyword_count": [3]}))),
        (complaint(), Some(json!([1, 2, 3]))),
        (complaint(), None),
        (complaint(), Some(json!({"keyword_count": 3}))),
        (complaint(), Some(json!({"keyword_count": "3", "is_decision_maker": true}))),
    ];
    let answers = asked(&world, &cases).await;
    assert_eq!(answers, ["0.80", "0.80", "0.80", "0.80", "0.80", "0.90", "0.95"]);
}
