//! Schedules: opened, changed, put to rest, archived and advanced; and whom they are about.

mod create;
mod generate;
mod period;
mod roll;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use entity::{
    compliance::compliance_schedule as rows,
    customers::customer as customers,
    id::{ComplianceScheduleId, UserId},
    sales::contact as contacts,
    zone::Zone,
};
use integration::{World, populate::acme};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, Statement};
use service::{
    Context, Error, Result, Tx,
    compliance::compliance_schedule::{
        self, Change, Condition, Field, Fields, Filter, Frequency, Ladder, List, Listed, Model,
        New, Rung, Target, Targets,
    },
    customers::customer::{LifecycleStage, Status, Tier},
    tenancy::tenant,
};

use super::{monthly, register, write};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

async fn open(world: &World, new: New) -> Model {
    world.run(async |tx| compliance_schedule::open(tx, new).await).await
}

async fn refused(world: &World, new: New) -> String {
    let done = world
        .db
        .run(world.context.clone(), async |tx| compliance_schedule::open(tx, new).await)
        .await;
    match done {
        Err(Error::Invalid { field, .. }) => field.into_owned(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_schedule_that_says_no_first_day_is_due_first_as_the_seed_has_it_on_the_tenants_calendar()
{
    let world = World::new().await;
    // Half past midnight on 1 April, in Auckland.
    let new = tenant::New::named("tenant", Zone::parse("Pacific/Auckland").unwrap());
    world.run(async |tx| tenant::change(tx, new).await).await;
    let at = world.at("2026-03-31T11:30:00Z");
    let new = New { frequency: Frequency::Monthly, ..New::quarterly("x") };
    let opened = world.run_as(&at, async |tx| compliance_schedule::open(tx, new).await).await;
    assert_eq!(opened.anchor_date, date("2026-05-01"));
    // 1 May ends there when it is noon in UTC.
    assert_eq!(opened.next_due_at.to_rfc3339(), "2026-05-01T12:00:00+00:00");
    assert_eq!((opened.notification_days_before, opened.escalation_days_after), (None, None));
}

#[tokio::test]
async fn a_filter_or_field_that_the_target_does_not_have_is_refused_and_so_is_one_nobody_knows() {
    let world = World::new().await;
    let of = |condition| Filter { all: vec![condition] };
    let contacts_only = New { filter: of(Condition::IsPrimary(true)), ..monthly("2026-04-01") };
    assert_eq!(refused(&world, contacts_only.clone()).await, "target_filter");
    open(&world, New { target: Target::Contact, ..contacts_only }).await;
    let nothing = New { filter: of(Condition::Tier(vec![])), ..monthly("2026-04-01") };
    assert_eq!(refused(&world, nothing).await, "target_filter");
    let other = New { required_fields: Fields(vec![Field::Mobile]), ..monthly("2026-04-01") };
    assert_eq!(refused(&world, other).await, "required_fields");
    let industry = vec![Field::Industry; 2];
    let twice = New { required_fields: Fields(industry), ..monthly("2026-04-01") };
    assert_eq!(refused(&world, twice).await, "required_fields");
    let vendor = New { target: Target::Vendor, ..monthly("2026-04-01") };
    let filtered = New { filter: of(Condition::HasCsm(true)), ..vendor.clone() };
    assert_eq!(refused(&world, filtered).await, "target_filter");
    let asks = New { required_fields: Fields(vec![Field::Email]), ..vendor };
    assert_eq!(refused(&world, asks).await, "required_fields");
    let long = New { notification_days_before: Some(367), ..monthly("2026-04-01") };
    assert_eq!(refused(&world, long).await, "notification_days_before");
    let stranger = Ladder(vec![Rung::User(UserId::new())]);
    let new = New { escalate_to: stranger, ..monthly("2026-04-01") };
    let done =
        world.db.run(world.context.clone(), async |tx| compliance_schedule::open(tx, new).await);
    assert!(matches!(done.await, Err(Error::NotFound("user"))));

    // The seed filters by a priority that nobody has a column for (defect 2-32).
    for unknown in [r#"{"priority": ["high"]}"#, r#"{"all": [{"priority": ["high"]}]}"#] {
        assert!(serde_json::from_str::<Filter>(unknown).is_err(), "{unknown}");
    }
    let known = r#"{"all": [{"tier": ["enterprise"]}, {"has_csm": false}]}"#;
    let filter: Filter = serde_json::from_str(known).unwrap();
    let expected = vec![Condition::Tier(vec![Tier::Enterprise]), Condition::HasCsm(false)];
    assert_eq!(filter.all, expected);
    assert_eq!(serde_json::from_str::<Filter>("{}").unwrap(), Filter::default());
}

/// Customers and contacts of every kind.
async fn many(world: &World) {
    world
        .run(async |tx| {
            for n in 0..40 {
                register(tx, n).await?;
            }
            Ok(())
        })
        .await;
    let tenant = world.context.tenant;
    write(
        world,
        &format!(
            "update customers set
                tier = (array['starter', 'standard', 'professional', 'enterprise'])[1 + n % 4],
                status = (array['active', 'paused', 'churned', 'pending'])[1 + n / 3 % 4],
                lifecycle_stage = (array['active', 'at_risk', 'renewal'])[1 + n % 3],
                industry = (array['Law', 'Steel', 'law'])[1 + n / 2 % 3],
                csm_assigned = (array['Mo', 'Jo', null])[1 + n % 3],
                deleted_at = case when n % 13 = 5 then now() end
             from (select client_id as id, substr(client_id, 4, position('_c' in client_id) - 4)::int
                   as n from customers) i
             where i.id = client_id;
             insert into contacts (tenant_id, id, client_id, first_name, last_name, email, department,
                                   is_primary, deleted_at)
             select '{tenant}', gen_random_uuid(), 'cs_' || n % 40 || '_c', 'F', 'L',
                    case when n % 3 > 0 then 'p' || n || '@c.example' end,
                    (array['Legal', 'Sales', null])[1 + n % 3], n % 4 = 0,
                    case when n % 11 = 7 then now() end
             from generate_series(1, 120) n"
        ),
    )
    .await;
}

#[tokio::test]
async fn a_filter_means_the_same_in_the_database_and_out_of_it() {
    let world = World::new().await;
    many(&world).await;
    let customers = customers::Entity::find().all(&world.owner).await.unwrap();
    let contacts = contacts::Entity::find().all(&world.owner).await.unwrap();
    let of_customers = [
        vec![],
        vec![Condition::Tier(vec![Tier::Enterprise, Tier::Starter])],
        vec![Condition::Status(vec![Status::Active]), Condition::HasCsm(true)],
        vec![Condition::HasCsm(false), Condition::Industry(vec!["law".to_owned()])],
        vec![Condition::LifecycleStage(vec![LifecycleStage::AtRisk])],
        vec![Condition::CsmAssigned(vec!["Mo".to_owned(), "x".to_owned()])],
        vec![Condition::ClientId(vec![customers[0].client_id.clone()])],
    ];
    let of_contacts = [
        vec![Condition::IsPrimary(true), Condition::HasEmail(true)],
        vec![Condition::HasEmail(false)],
        vec![Condition::Department(vec!["Legal".to_owned()]), Condition::IsPrimary(false)],
        vec![Condition::Department(vec!["Legal".to_owned()]), Condition::HasCsm(false)],
    ];
    let asks = of_customers.iter().map(|all| (Target::Client, all));
    let asks =
        asks.chain(of_customers.iter().chain(&of_contacts).map(|all| (Target::Contact, all)));
    for (target, all) in asks {
        let filter = Filter { all: all.clone() };
        let expected: BTreeSet<String> = match target {
            Target::Client => customers
                .iter()
                .filter(|c| c.deleted_at.is_none())
                .filter(|c| compliance_schedule::matches(&filter, c, None))
                .map(|c| c.client_id.to_string())
                .collect(),
            _ => contacts
                .iter()
                .filter(|k| k.deleted_at.is_none())
                .filter(|k| {
                    let at = customers.iter().find(|c| c.client_id == k.client_id).unwrap();
                    at.deleted_at.is_none() && compliance_schedule::matches(&filter, at, Some(k))
                })
                .map(|k| k.id.to_string())
                .collect(),
        };
        assert!(!expected.is_empty(), "{all:?}");
        let schedule = open(&world, New { target, filter, ..monthly("2026-04-01") }).await;
        let (mut found, mut after) = (BTreeSet::new(), None);
        loop {
            let ask = Targets { limit: 7, after };
            let page = world
                .run(async |tx| compliance_schedule::targets(tx, schedule.id, &ask).await)
                .await;
            found.extend(page.items.into_iter().map(|subject| subject.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, expected, "{target:?} {all:?}");
    }
}

#[tokio::test]
async fn a_change_of_the_rule_is_a_new_version_and_a_change_of_days_is_not() {
    let world = World::new().await;
    let opened = open(&world, monthly("2026-04-01")).await;
    let change = async |change: Change| {
        world.run(async |tx| compliance_schedule::change(tx, opened.id, change).await).await
    };
    let longer = Change { notification_days_before: Some(30), ..Change::default() };
    let longer = change(longer).await;
    assert_eq!((longer.rule_version, longer.notification_days_before), (1, Some(30)));
    let fields = Some(Fields(vec![Field::CsmAssigned]));
    let stricter = change(Change { required_fields: fields, ..Change::default() }).await;
    assert_eq!((stricter.rule_version, stricter.notification_days_before), (2, Some(30)));
}

#[tokio::test]
async fn advancing_counts_from_the_anchor_and_says_nothing_about_completion() {
    let world = World::new().await;
    let id = open(&world, monthly("2026-01-31")).await.id;
    let mut due = vec![];
    for _ in 0..3 {
        let moved = world.run(async |tx| compliance_schedule::advance(tx, id).await).await;
        assert_eq!(moved.last_completed_at, None);
        due.push(moved.next_due_at.to_rfc3339());
    }
    // The ends of 28 February, 31 March and 30 April: no drift (defects 2-12, 2-13).
    let expected = ["2026-03-01", "2026-04-01", "2026-05-01"];
    assert_eq!(due, expected.map(|day| format!("{day}T00:00:00+00:00")));
}

async fn by_function(world: &World, who: &Context, sql: &str) -> Result<String> {
    let ask = Statement::from_string(DbBackend::Postgres, sql);
    let call = async |tx: &Tx| {
        let row = tx.query_one_raw(ask).await?.unwrap();
        Ok(row.try_get_by_index::<String>(0)?)
    };
    world.db.run(who.clone(), call).await
}

async fn advance_by_function(world: &World, who: &Context, id: ComplianceScheduleId) -> Result<()> {
    let sql = format!("select advance_compliance_schedule('{id}')::text");
    by_function(world, who, &sql).await.map(drop)
}

#[tokio::test]
async fn the_sql_function_advances_as_the_service_does() {
    let world = World::new().await;
    for zone in ["UTC", "America/New_York", "Pacific/Auckland", "America/Havana"] {
        let new = tenant::New::named("tenant", Zone::parse(zone).unwrap());
        world.run(async |tx| tenant::change(tx, new).await).await;
        for frequency in
            [Frequency::Monthly, Frequency::Quarterly, Frequency::SemiAnnual, Frequency::Annual]
        {
            for adjust in [rows::Adjust::None, rows::Adjust::Following, rows::Adjust::Preceding] {
                let new = New { frequency, adjust, ..monthly("2024-02-29") };
                let [ours, theirs] = [new.clone(), new];
                let (ours, theirs) = (open(&world, ours).await.id, open(&world, theirs).await.id);
                for _ in 0..8 {
                    let served =
                        world.run(async |tx| compliance_schedule::advance(tx, ours).await).await;
                    advance_by_function(&world, &world.context, theirs).await.unwrap();
                    let asked =
                        world.run(async |tx| compliance_schedule::get(tx, theirs).await).await;
                    assert_eq!(
                        (asked.next_due_at, asked.period_no),
                        (served.next_due_at, served.period_no),
                        "{zone} {frequency:?} {adjust:?}"
                    );
                }
            }
        }
    }
    // Another's is unknown, and so is one that there is not.
    let id = open(&world, monthly("2026-04-01")).await.id;
    assert!(advance_by_function(&world, &world.neighbour, id).await.is_err());
    let none = ComplianceScheduleId::new();
    assert!(advance_by_function(&world, &world.context, none).await.is_err());
}

#[tokio::test]
async fn an_archived_schedule_is_listed_and_stays_as_it_is() {
    let world = World::new().await;
    world.run(async |tx| acme(tx).await).await;
    let id = open(&world, monthly("2026-04-01")).await.id;
    let other = open(&world, monthly("2026-04-01")).await.id;
    let archived = world.run(async |tx| compliance_schedule::archive(tx, id).await).await;
    assert!(!archived.is_active && archived.archived_at == Some(world.context.now));
    let again = world
        .run_as(&world.later(super::days(1)), async |tx| compliance_schedule::archive(tx, id).await)
        .await;
    assert_eq!(again.archived_at, archived.archived_at);
    let resume =
        world.db.run(world.context.clone(), async |tx| compliance_schedule::resume(tx, id).await);
    assert!(matches!(resume.await, Err(Error::Conflict(_))));
    assert!(advance_by_function(&world, &world.context, id).await.is_err());
    let list = async |who: &Context, after| {
        let ask = List { limit: 1, after };
        let read = async |tx: &Tx| compliance_schedule::list(tx, &ask).await;
        let page = world.db.read(who.clone(), read).await.unwrap();
        page.items.into_iter().map(|schedule| schedule.id).collect::<Vec<_>>()
    };
    assert_eq!(list(&world.context, None).await, [other]);
    assert_eq!(list(&world.context, Some(Listed(other))).await, [id]);
    assert!(list(&world.neighbour, None).await.is_empty());
}

#[tokio::test]
async fn updated_at_moves_whoever_writes() {
    let world = World::new().await;
    let id = open(&world, monthly("2026-04-01")).await.id;
    write(&world, "update compliance_schedule set description = 'x'").await;
    let touched = world.run(async |tx| compliance_schedule::get(tx, id).await).await;
    assert!(touched.updated_at > world.context.now);
}
