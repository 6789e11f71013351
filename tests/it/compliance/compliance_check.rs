//! Checks: looked into, completed, waived, skipped, cancelled and opened again.

mod due;
mod gone;
mod rates;
mod remind;

use entity::id::{ComplianceCheckId, UserId};
use integration::{World, populate::client};
use service::{
    Context, Error, Result, Tx,
    compliance::{
        compliance_check::{self, Evidence, Finding, Kind, Model, Problem, Status, Waive, Waiver},
        compliance_schedule::{self, Field, Fields, Frequency, New, Target},
    },
};

use super::{days, due as listed, get, monthly, one_check, somebody, write};

fn asking(fields: &[Field]) -> New {
    New { required_fields: Fields(fields.to_vec()), ..monthly("2026-03-10") }
}

async fn complete(world: &World, at: &Context, id: ComplianceCheckId) -> Result<Model> {
    world.db.run(at.clone(), async |tx| compliance_check::complete(tx, id, None).await).await
}

async fn waive(world: &World, at: &Context, id: ComplianceCheckId, scope: Waiver) -> Result<Model> {
    let waive = Waive { reason: "sold".to_owned(), scope };
    world.db.run(at.clone(), async |tx| compliance_check::waive(tx, id, waive).await).await
}

async fn kinds(world: &World, id: ComplianceCheckId) -> Vec<Kind> {
    let history = world.run(async |tx| compliance_check::history(tx, id).await).await;
    history.into_iter().rev().map(|event| event.kind).collect()
}

#[tokio::test]
async fn what_is_missing_is_looked_up_in_the_row_itself_null_or_blank() {
    let world = World::new().await;
    let fields = [Field::Industry, Field::CsmAssigned, Field::RenewalDate, Field::HealthScore];
    let id = one_check(&world, asking(&fields)).await.id;
    let validate = async || world.run(async |tx| compliance_check::validate(tx, id).await).await;
    write(&world, "update customers set csm_assigned = '  ', health_score = 0").await;
    let found = validate().await;
    assert_eq!(found.missing, [Field::CsmAssigned, Field::RenewalDate]);
    let finding = |field, problem| Finding { field: Some(field), problem };
    let expected =
        [finding(Field::CsmAssigned, Problem::Blank), finding(Field::RenewalDate, Problem::Null)];
    assert_eq!(found.findings, expected);
    assert_eq!(found.status, Status::InProgress);
    let check = get(&world, id).await;
    assert_eq!(
        (check.missing_fields.0, check.validated_at),
        (found.missing, Some(world.context.now))
    );
    write(&world, "update customers set csm_assigned = 'Mo', renewal_date = '2026-12-31'").await;
    // Nothing is missing any more, which completes nothing.
    let found = validate().await;
    assert_eq!((found.missing.len(), found.status), (0, Status::InProgress));
    assert_eq!(kinds(&world, id).await, [Kind::Created, Kind::Validated, Kind::Validated]);
}

#[tokio::test]
async fn a_contacts_own_columns_are_looked_up_too() {
    let world = World::new().await;
    let fields = Fields(vec![Field::Email, Field::Phone, Field::Mobile, Field::Title]);
    let new = New { target: Target::Contact, required_fields: fields, ..monthly("2026-03-10") };
    let id = one_check(&world, new).await.id;
    let found = world.run(async |tx| compliance_check::validate(tx, id).await).await;
    assert_eq!(found.missing, [Field::Mobile, Field::Title]);
}

#[tokio::test]
async fn a_check_is_completed_only_while_nothing_is_missing_and_keeps_what_was_looked_at() {
    let world = World::new().await;
    let id = one_check(&world, asking(&[Field::CsmAssigned])).await.id;
    let (sam, as_sam) = somebody(&world, "sam", "csm").await;
    write(&world, "update customers set csm_assigned = 'Mo'").await;
    world.run(async |tx| compliance_check::validate(tx, id).await).await;
    // It was there when it was validated, and is not now.
    write(&world, "update customers set csm_assigned = null").await;
    match complete(&world, &as_sam, id).await {
        Err(Error::Invalid { field, why }) => {
            assert_eq!((&*field, &*why), ("required_fields", "missing: csm_assigned"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(get(&world, id).await.status, Status::Pending);
    write(&world, "update customers set csm_assigned = 'Mo'").await;
    let done = complete(&world, &as_sam, id).await.unwrap();
    assert_eq!((done.status, done.completed_by), (Status::Completed, Some(sam)));
    assert_eq!(done.completed_at, Some(world.context.now));
    let last = world.run(async |tx| compliance_check::history(tx, id).await).await.remove(0);
    assert_eq!((last.kind, last.actor), (Kind::Completed, format!("user:{sam}")));
    let Evidence { rule_version, fields, findings } = last.evidence.unwrap();
    assert_eq!((rule_version, fields.0), (1, vec![Field::CsmAssigned]));
    assert!(findings.0.is_empty());
    assert!(matches!(complete(&world, &as_sam, id).await, Err(Error::Conflict(_))));
    assert!(listed(&world, &world.later(days(30))).await.is_empty());
    let theirs = complete(&world, &world.neighbour, id).await;
    assert!(matches!(theirs, Err(Error::NotFound("compliance check"))));
}

#[tokio::test]
async fn what_was_deleted_cannot_be_completed_and_its_check_is_cancelled_when_it_is_looked_into() {
    let world = World::new().await;
    let id = one_check(&world, asking(&[])).await.id;
    write(&world, "update customers set deleted_at = now()").await;
    assert!(matches!(complete(&world, &world.context, id).await, Err(Error::Conflict(_))));
    let found = world.run(async |tx| compliance_check::validate(tx, id).await).await;
    assert_eq!(found.findings, [Finding { field: None, problem: Problem::Gone }]);
    assert_eq!(get(&world, id).await.status, Status::Cancelled);
    assert_eq!(kinds(&world, id).await, [Kind::Created, Kind::Validated, Kind::Cancelled]);
}

#[tokio::test]
async fn a_waiver_takes_a_person_who_is_not_the_assignee_and_a_reason() {
    let world = World::new().await;
    let id = one_check(&world, asking(&[Field::CsmAssigned])).await.id;
    let (sam, as_sam) = somebody(&world, "sam", "csm").await;
    let (kim, as_kim) = somebody(&world, "kim", "manager").await;
    world.run(async |tx| compliance_check::assign(tx, id, Some(sam)).await).await;
    let by_program = waive(&world, &world.context, id, Waiver::This).await;
    assert!(matches!(by_program, Err(Error::Denied(_))));
    assert!(matches!(waive(&world, &as_sam, id, Waiver::This).await, Err(Error::Denied(_))));
    let unsaid = Waive { reason: " ".to_owned(), scope: Waiver::This };
    let unsaid = async |tx: &Tx| compliance_check::waive(tx, id, unsaid.clone()).await;
    let unsaid = world.db.run(as_kim.clone(), unsaid).await;
    assert!(matches!(unsaid, Err(Error::Invalid { field, .. }) if field == "reason"));
    // Due on 10 March: a waiver until the day before covers nothing.
    for (until, is_good) in [("2026-03-09", false), ("2036-03-03", false), ("2026-03-10", true)] {
        let done = waive(&world, &as_kim, id, Waiver::Until(until.parse().unwrap())).await;
        assert_eq!(done.is_ok(), is_good, "{until}");
    }
    let waived = get(&world, id).await;
    assert_eq!((waived.status, waived.waived_by), (Status::Waived, Some(kim)));
    assert_eq!((waived.waived_reason.as_deref(), waived.completed_at), (Some("sold"), None));
    assert!(matches!(waive(&world, &as_kim, id, Waiver::This).await, Err(Error::Conflict(_))));
    let assign = async |tx: &Tx| compliance_check::assign(tx, id, Some(kim)).await;
    let assigned = world.db.run(world.context.clone(), assign).await;
    assert!(matches!(assigned, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn whoever_was_the_assignee_since_the_check_was_opened_cannot_waive_it() {
    let world = World::new().await;
    let id = one_check(&world, asking(&[])).await.id;
    let (sam, as_sam) = somebody(&world, "sam", "csm").await;
    let (kim, as_kim) = somebody(&world, "kim", "manager").await;
    let assign = async |to: Option<UserId>| {
        world.run(async |tx| compliance_check::assign(tx, id, to).await).await;
    };
    for to in [Some(sam), Some(sam), None, Some(kim), None] {
        assign(to).await;
    }
    for who in [&as_sam, &as_kim] {
        assert!(matches!(waive(&world, who, id, Waiver::This).await, Err(Error::Denied(_))));
    }
    let history = world.run(async |tx| compliance_check::history(tx, id).await).await;
    let said: Vec<_> = history.iter().rev().filter_map(|event| event.notes.clone()).collect();
    let expected = [("to", sam), ("from", sam), ("to", kim), ("from", kim)];
    assert_eq!(said, expected.map(|(word, user)| format!("{word} user:{user}")));
    // As an import has it: there is no entry that says so, but the one that ends it.
    write(&world, &format!("update compliance_checks set assigned_to = '{kim}', round = 2")).await;
    assign(None).await;
    assert!(matches!(waive(&world, &as_kim, id, Waiver::This).await, Err(Error::Denied(_))));
    // That was another round, of which this one knows nothing.
    waive(&world, &as_sam, id, Waiver::This).await.unwrap();
}

#[tokio::test]
async fn a_check_that_was_skipped_or_cancelled_is_due_no_more_and_says_why() {
    let world = World::new().await;
    let id = one_check(&world, asking(&[])).await.id;
    let unsaid = async |tx: &Tx| compliance_check::skip(tx, id, "").await;
    let unsaid = world.db.run(world.context.clone(), unsaid).await;
    assert!(matches!(unsaid, Err(Error::Invalid { field, .. }) if field == "reason"));
    let skipped = world.run(async |tx| compliance_check::skip(tx, id, "no time").await).await;
    assert_eq!(skipped.status, Status::Skipped);
    assert!(listed(&world, &world.later(days(30))).await.is_empty());
    world.run(async |tx| compliance_check::reopen(tx, id, "there was").await).await;
    assert_eq!(listed(&world, &world.later(days(30))).await.len(), 1);
    world.run(async |tx| compliance_check::cancel(tx, id, "a double").await).await;
    assert!(listed(&world, &world.later(days(30))).await.is_empty());
    let history = world.run(async |tx| compliance_check::history(tx, id).await).await;
    let said: Vec<_> = history.iter().rev().filter_map(|event| event.notes.as_deref()).collect();
    assert_eq!(said, ["no time", "there was", "a double"]);
}

#[tokio::test]
async fn a_check_that_is_opened_again_is_to_be_completed_again_and_its_history_says_all() {
    let world = World::new().await;
    let id = one_check(&world, asking(&[])).await.id;
    let reopen = async || {
        let again = async |tx: &Tx| compliance_check::reopen(tx, id, "not so").await;
        world.db.run(world.context.clone(), again).await
    };
    assert!(matches!(reopen().await, Err(Error::Conflict(_))));
    complete(&world, &world.context, id).await.unwrap();
    let opened = reopen().await.unwrap();
    assert_eq!((opened.status, opened.round, opened.completed_at), (Status::Pending, 2, None));
    complete(&world, &world.context, id).await.unwrap();
    let expected = [Kind::Created, Kind::Completed, Kind::Reopened, Kind::Completed];
    assert_eq!(kinds(&world, id).await, expected);
}

#[tokio::test]
async fn a_check_is_assigned_to_somebody_there_is() {
    let world = World::new().await;
    let id = one_check(&world, asking(&[])).await.id;
    let stranger = async |tx: &Tx| compliance_check::assign(tx, id, Some(UserId::new())).await;
    let stranger = world.db.run(world.context.clone(), stranger).await;
    assert!(matches!(stranger, Err(Error::NotFound("user"))));
    let (sam, _) = somebody(&world, "sam", "csm").await;
    let assigned = world.run(async |tx| compliance_check::assign(tx, id, Some(sam)).await).await;
    assert_eq!(assigned.assigned_to, Some(sam));
    let freed = world.run(async |tx| compliance_check::assign(tx, id, None).await).await;
    assert_eq!(freed.assigned_to, None);
}

#[tokio::test]
async fn the_checks_of_a_customer_are_found_the_latest_first() {
    let world = World::new().await;
    let first = one_check(&world, asking(&[])).await;
    let annual = New { frequency: Frequency::Annual, ..monthly("2026-03-05") };
    let second = world
        .run(async |tx| {
            compliance_schedule::open(tx, annual).await?;
            let ask = compliance_schedule::Generate::default();
            Ok(compliance_schedule::generate_due(tx, &ask).await?.created[0])
        })
        .await;
    let of = async |who: &Context| {
        let read =
            async |tx: &Tx| compliance_check::of(tx, Target::Client, client().as_str(), 10).await;
        let found = world.db.read(who.clone(), read).await.unwrap();
        found.into_iter().map(|check| check.id).collect::<Vec<_>>()
    };
    assert_eq!(of(&world.context).await, [first.id, second]);
    assert!(of(&world.neighbour).await.is_empty());
}

#[tokio::test]
async fn updated_at_moves_whoever_writes() {
    let world = World::new().await;
    let id = one_check(&world, asking(&[])).await.id;
    write(&world, "update compliance_checks set notes = 'x'").await;
    assert!(get(&world, id).await.updated_at > world.context.now);
}
