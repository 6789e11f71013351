//! A row in every table.

pub mod leads;
pub mod nurture;
mod outreach;

use chrono::TimeDelta;
use entity::{
    email::Email,
    id::{ClientId, UserId},
    phone::Phone,
    zone,
};
use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use service::{
    Context, Result, Tx,
    compliance::compliance_schedule::{self, Frequency, Generate, Joining},
    customers::customer,
    engine::outbox::{self, Content},
    feedback::feedback_request,
    health::{
        client_health_score::{self, Package},
        client_session, coach_performance, daily_summary,
        intervention::{self, OutcomeOf as Came},
        pattern, weekly_pattern,
    },
    leads::system_config::{self, LeadLimits},
    ledger::{budget_account, budget_hold, budget_transaction},
    outreach::dnc,
    sales::{
        contact,
        contact_enrichment::{self, Source},
        deal::{self, Activity, Claims, Stage},
        deal_stage_config::{self, Expect},
        opportunity_signal,
        quote::{self, Outcome, OutcomeOf},
        task,
    },
    support::case::{self, Priority},
    tenancy::user,
};
use uuid::Uuid;

pub use self::outreach::phone;
use crate::World;

/// The customer that [`World::populate`] makes.
///
/// # Panics
///
/// Never: the key is of the right form.
#[must_use]
pub fn client() -> ClientId {
    ClientId::parse("cs_1_acme").expect("a client's id")
}

/// Somebody's address.
///
/// # Panics
///
/// If it is none.
#[must_use]
pub fn email(text: &str) -> Email {
    Email::parse(text).expect("an address")
}

/// A contact of the customer's, with an address and a number.
///
/// # Errors
///
/// As [`contact::add`].
pub async fn person(tx: &Tx) -> Result<contact::Model> {
    contact::add(
        tx,
        contact::New {
            client_id: client(),
            first_name: "Ada".to_owned(),
            last_name: "Byron".to_owned(),
            email: Some(email("ada@acme.example")),
            phone: Phone::parse("+12125551001", "US").ok().map(|p| p.phone),
            time_zone: None,
        },
    )
    .await
}

/// The customer, there already or made.
///
/// # Errors
///
/// As [`customer::register`].
pub async fn acme(tx: &Tx) -> Result<ClientId> {
    if customer::get(tx, &client()).await.is_err() {
        let start = tx.now().date_naive();
        customer::register(tx, customer::New::named(client(), "Acme", start)).await?;
    }
    Ok(client())
}

/// A client of whom much was computed, and about whom something was done.
async fn lapsed(tx: &Tx) -> Result<()> {
    let kim = email("kim@acme.example");
    let long_ago = tx.now() - TimeDelta::days(40);
    client_session::record(tx, client_session::New::attended(kim.clone(), long_ago)).await?;
    let package = Package { purchased: 10, outstanding: 1, ends_on: None };
    client_health_score::set_package(tx, &kim, package).await?;
    client_health_score::change_owner(tx, &kim, "Ann", Some("moved")).await?;
    client_health_score::compute(tx, &client_health_score::Compute::default()).await?;
    let today = tx.today().await?;
    daily_summary::close(tx, today).await?;
    coach_performance::close(tx, today).await?;
    weekly_pattern::close(tx, zone::monday(today)).await?;
    for logged in intervention::open_due(tx, &intervention::Due::default()).await? {
        intervention::record_outcome(tx, logged.id, Came::plain("booked")).await?;
    }
    Ok(())
}

/// Somebody who has paid in, has spent some, and is about to spend more; and a limit of leads.
async fn budget(tx: &Tx, user: UserId) -> Result<()> {
    let account = budget_account::open(tx, budget_account::New::of(user, "USD")).await?;
    let dollars = |dollars, key| {
        budget_transaction::New::of(account.id, Decimal::from(dollars), "USD", key, key)
    };
    budget_transaction::credit(tx, dollars(100, "top-up")).await?;
    budget_transaction::debit(tx, dollars(1, "call")).await?;
    let new = budget_hold::New {
        account_id: account.id,
        amount: Decimal::TEN,
        currency: "USD".to_owned(),
        description: "A call".to_owned(),
        reference_type: Some("call".to_owned()),
        reference_id: None,
        lasts: TimeDelta::minutes(10),
        key: "call 2".to_owned(),
    };
    budget_hold::authorise(tx, new).await?;
    let limits = LeadLimits { max_imports_per_day: 10, ..LeadLimits::default() };
    system_config::set(tx, limits, "a busy month").await?;
    Ok(())
}

impl World {
    /// Puts at least one row into every table, by the functions that anybody would use.
    ///
    /// # Panics
    ///
    /// If one of them fails.
    pub async fn populate(&self, who: &Context) {
        self.run_as(who, async |tx| {
            let sam = user::add(
                tx,
                user::New {
                    email: email("sam@tenant.example"),
                    name: "Sam".to_owned(),
                    role: "sales".to_owned(),
                },
            )
            .await?;
            budget(tx, sam.id).await?;
            acme(tx).await?;
            let ada = person(tx).await?;
            deal_stage_config::set(tx, Stage::Lead, Expect::default()).await?;
            let new = deal::New {
                contact_id: Some(ada.id),
                value: Some(Decimal::from(1000)),
                ..deal::New::titled(client(), "A deal")
            };
            let deal = deal::open(tx, new).await?;
            deal::record_activity(tx, deal.id, Activity::Note, tx.now()).await?;
            let new = quote::New {
                contact_id: Some(ada.id),
                deal_id: Some(deal.id),
                ..quote::New::over(client(), "An offer", Decimal::from(1000))
            };
            let offer = quote::create(tx, new).await?;
            quote::send(tx, offer.id).await?;
            quote::record_outcome(tx, offer.id, OutcomeOf::plain(Outcome::Won)).await?;
            dnc::add(tx, dnc::New::for_good("+12065550010", "lead_requested")).await?;
            dnc::check(tx, "+12065550010").await?;
            outreach::populate(tx).await?;
            let new = client_health_score::New {
                email: email("kim@acme.example"),
                client_id: Some(client()),
                firstname: Some("Kim".to_owned()),
                lastname: None,
                assigned_coach: None,
            };
            client_health_score::open(tx, new).await?;
            let call = tx.now() - TimeDelta::hours(1);
            pattern::record_call(tx, pattern::New::held(email("kim@acme.example"), call)).await?;
            pattern::analyse(tx, &pattern::Analyse::default()).await?;
            task::open(tx, task::New::titled("Call Ada", Priority::High)).await?;
            let new = case::New {
                client_id: client(),
                contact_id: Some(ada.id),
                order_id: None,
                category: "delivery".to_owned(),
                subject: "It was late".to_owned(),
                description: None,
                priority: Priority::Normal,
            };
            case::open(tx, new).await?;
            let delivery = feedback_request::New {
                order_id: Uuid::now_v7(),
                client_id: client(),
                contact_id: Some(ada.id),
                delivered_at: tx.now() - TimeDelta::days(7),
            };
            feedback_request::schedule(tx, delivery).await?;
            let signed = "Regards,\nAda Byron\nTitle: Head of Engines\nMobile: +1 646 555 1002";
            let new = contact_enrichment::New::signed(ada.id, signed);
            contact_enrichment::enqueue(tx, new).await?;
            contact_enrichment::work_signatures(tx, 10).await?;
            let new = contact_enrichment::New::asked(ada.id, Source::Apollo);
            contact_enrichment::enqueue(tx, new).await?;
            let source = opportunity_signal::Source::email("message-1", ada.id);
            opportunity_signal::detect_in(tx, &source, "We are growing, and need it asap.").await?;
            let new = compliance_schedule::New {
                frequency: Frequency::Monthly,
                first_due: Some(tx.now().date_naive() + TimeDelta::days(8)),
                joining: Joining::ProRata,
                ..compliance_schedule::New::quarterly("license renewal")
            };
            compliance_schedule::open(tx, new).await?;
            compliance_schedule::generate_due(tx, &Generate::default()).await?;
            lapsed(tx).await?;
            leads::populate(tx).await?;
            nurture::populate(tx).await?;
            Ok(())
        })
        .await;
        // The deal has stalled by then.
        let later = Context { now: who.now + TimeDelta::days(5), ..who.clone() };
        self.run_as(&later, async |tx| {
            for claim in deal::claim_follow_ups(tx, &Claims::default()).await? {
                outbox::enqueue(tx, &Content::DealFollowUp(claim), "silent for 5 days").await?;
            }
            Ok(())
        })
        .await;
        let run = format!(
            "insert into engine_runs (tenant_id, id, step, slot, began_at)
             values ('{}', gen_random_uuid(), 'deals', now(), now())",
            who.tenant
        );
        self.owner.execute_unprepared(&run).await.expect("a run");
        let erased = format!(
            "insert into erasures (tenant_id, id, subject_kind, subject_id, reason, actor, erased_at, \
             counts) values ('{}', gen_random_uuid(), 'lead', gen_random_uuid(), 'asked', 'x', now(), \
             '[]')",
            who.tenant
        );
        self.owner.execute_unprepared(&erased).await.expect("an erasure");
    }
}
