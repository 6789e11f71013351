//! Quotes: numbered, sent, looked at, answered, followed up, expired, won and lost.

mod follow_up;

use std::collections::HashSet;

use chrono::TimeDelta;
use entity::{id::QuoteId, zone::Zone};
use integration::{
    World,
    populate::{acme, client, person},
};
use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use service::{
    Context, Error, Result, Tx,
    sales::{
        deal,
        quote::{
            self, LineItem, New, Outcome, OutcomeOf, Rates, Response, Revision, Status, Stop, View,
            Viewer,
        },
    },
    tenancy::tenant,
};

pub fn days(n: i64) -> TimeDelta {
    TimeDelta::days(n)
}

/// A draft for Ada, good until the end of the year.
pub async fn draft(tx: &Tx) -> Result<quote::Model> {
    let client = acme(tx).await?;
    let new = New {
        contact_id: Some(person(tx).await?.id),
        valid_until: Some("2026-12-31".parse().unwrap()),
        ..New::over(client, "An offer", 1000.into())
    };
    quote::create(tx, new).await
}

pub async fn sent(tx: &Tx) -> Result<quote::Model> {
    let id = draft(tx).await?.id;
    quote::send(tx, id).await
}

pub async fn get(world: &World, id: QuoteId) -> quote::Model {
    world.run(async |tx| quote::get(tx, id).await).await
}

fn look(session: &str, viewer: Viewer) -> View {
    View { session: session.to_owned(), viewer }
}

#[tokio::test]
async fn numbers_count_up_within_a_tenant_and_a_year_of_its_calendar() {
    let world = World::new().await;
    let numbered = async |who: &Context| world.run_as(who, draft).await.quote_number;
    assert_eq!(numbered(&world.context).await, "Q-2026-0001");
    assert_eq!(numbered(&world.context).await, "Q-2026-0002");
    assert_eq!(numbered(&world.neighbour).await, "Q-2026-0001");
    // In Auckland it is next year already.
    let new = tenant::New::named("tenant", Zone::parse("Pacific/Auckland").unwrap());
    world.run(async |tx| tenant::change(tx, new).await).await;
    assert_eq!(numbered(&world.at("2026-12-31T12:00:00Z")).await, "Q-2027-0001");
    assert_eq!(numbered(&world.at("2026-12-31T10:00:00Z")).await, "Q-2026-0003");
}

#[tokio::test]
async fn the_ten_thousandth_number_is_not_cut() {
    let world = World::new().await;
    world.run(draft).await;
    world.owner.execute_unprepared("update quote_counters set last_number = 9998").await.unwrap();
    assert_eq!(world.run(draft).await.quote_number, "Q-2026-9999");
    assert_eq!(world.run(draft).await.quote_number, "Q-2026-10000");
}

#[tokio::test]
async fn a_number_given_in_vain_is_given_again_and_the_sql_function_counts_along() {
    let world = World::new().await;
    let failed: Result<()> = world
        .db
        .run(world.context.clone(), async |tx| {
            draft(tx).await?;
            Err(Error::NotFound("patience"))
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(world.run(draft).await.quote_number, "Q-2026-0001");
    let next = world
        .run(async |tx| {
            let sql = "select generate_quote_number($1, $2) where $2 is not null";
            let values = [tx.context().tenant.into(), tx.now().into()];
            let ask =
                sea_orm::Statement::from_sql_and_values(sea_orm::DbBackend::Postgres, sql, values);
            Ok(tx.query_one_raw(ask).await?.unwrap().try_get_by_index::<String>(0)?)
        })
        .await;
    assert_eq!(next, "Q-2026-0002");
    assert_eq!(world.run(draft).await.quote_number, "Q-2026-0003");
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_writers_get_as_many_numbers_as_they_ask_for() {
    let world = World::new().await;
    world.run(async |tx| acme(tx).await).await;
    let writers: Vec<_> = (0..16)
        .map(|_| {
            let (db, context) = (world.db.clone(), world.context.clone());
            tokio::spawn(async move {
                let mut numbers = vec![];
                for _ in 0..10 {
                    let made = async |tx: &Tx| {
                        quote::create(tx, New::over(client(), "One of many", 1.into())).await
                    };
                    numbers.push(db.run_retrying(context.clone(), 5, made).await?.quote_number);
                }
                Ok::<_, Error>(numbers)
            })
        })
        .collect();
    let mut numbers = HashSet::new();
    for writer in writers {
        numbers.extend(writer.await.unwrap().unwrap());
    }
    assert_eq!(numbers.len(), 160);
    assert!(numbers.contains("Q-2026-0001") && numbers.contains("Q-2026-0160"));
}

#[tokio::test]
async fn sending_plans_the_first_follow_up_three_days_on_in_working_hours() {
    let world = World::new().await;
    let offer = world.run(sent).await;
    assert_eq!(offer.status, Status::Sent);
    // Monday 09:00 plus three days is Thursday 09:00.
    assert_eq!(offer.next_follow_up_at, Some(world.context.now + days(3)));
    let again = world.db.run(world.context.clone(), async |tx| quote::send(tx, offer.id).await);
    assert!(matches!(again.await, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn a_quote_that_nobody_could_get_or_accept_is_not_sent() {
    let world = World::new().await;
    let try_to_send = async |new: New| {
        let id = world.run(async |tx| quote::create(tx, new).await).await.id;
        world.db.run(world.context.clone(), async |tx| quote::send(tx, id).await).await
    };
    let ada = world
        .run(async |tx| {
            acme(tx).await?;
            person(tx).await
        })
        .await;
    let nobody = New::over(client(), "For nobody", 1.into());
    let refused = try_to_send(nobody.clone()).await;
    assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == "contact_id"));
    let yesterday = Some("2026-03-01".parse().unwrap());
    let late = New { contact_id: Some(ada.id), valid_until: yesterday, ..nobody.clone() };
    let refused = try_to_send(late).await;
    assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == "valid_until"));
    // Today is its last day: good, though no follow-up fits in before it ends.
    let today = Some("2026-03-02".parse().unwrap());
    let short = New { contact_id: Some(ada.id), valid_until: today, ..nobody };
    let short = try_to_send(short).await.unwrap();
    assert_eq!(short.follow_up_stop, Some(Stop::MissedWindow));
    assert_eq!(short.next_follow_up_at, None);
}

#[tokio::test]
async fn a_look_counts_once_a_session_and_only_the_buyers() {
    let world = World::new().await;
    let id = world.run(sent).await.id;
    let at = world.later(TimeDelta::hours(2));
    for (session, viewer) in [
        ("s1", Viewer::Bot),
        ("s2", Viewer::Staff),
        ("s3", Viewer::Buyer),
        ("s3", Viewer::Buyer),
        ("s4", Viewer::Buyer),
    ] {
        let view = look(session, viewer);
        world.run_as(&at, async |tx| quote::record_view(tx, id, view).await).await;
    }
    let seen = get(&world, id).await;
    assert_eq!((seen.status, seen.view_count), (Status::Viewed, 2));
    assert_eq!(seen.viewed_at, Some(at.now));
    // Whoever has looked and said nothing is asked the next day.
    assert_eq!(seen.next_follow_up_at, Some(at.now + days(1)));
}

#[tokio::test]
async fn a_look_at_a_quote_is_activity_of_its_deal() {
    let world = World::new().await;
    let (deal, offer) = world
        .run(async |tx| {
            let client = acme(tx).await?;
            let deal = deal::open(tx, deal::New::titled(client.clone(), "deal")).await?;
            let new = New {
                contact_id: Some(person(tx).await?.id),
                deal_id: Some(deal.id),
                ..New::over(client, "An offer", 1.into())
            };
            let offer = quote::create(tx, new).await?;
            Ok((deal, quote::send(tx, offer.id).await?))
        })
        .await;
    let at = world.later(days(1));
    let view = look("s", Viewer::Buyer);
    world.run_as(&at, async |tx| quote::record_view(tx, offer.id, view).await).await;
    let deal = world.run(async |tx| deal::get(tx, deal.id).await).await;
    assert_eq!(deal.idle_since, Some(at.now));
}

#[tokio::test]
async fn a_look_after_the_end_is_counted_and_opens_nothing_again() {
    let world = World::new().await;
    let (unsent, id) = world.run(async |tx| Ok((draft(tx).await?.id, sent(tx).await?.id))).await;
    let lost = OutcomeOf::plain(Outcome::Lost);
    world.run(async |tx| quote::record_outcome(tx, id, lost).await).await;
    let view = look("s", Viewer::Buyer);
    let seen = world.run(async |tx| quote::record_view(tx, id, view).await).await;
    assert_eq!((seen.status, seen.view_count), (Status::Rejected, 1));
    let view = look("s", Viewer::Buyer);
    let seen = async |tx: &Tx| quote::record_view(tx, unsent, view).await;
    let seen = world.db.run(world.context.clone(), seen).await;
    assert!(matches!(seen, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn each_answer_ends_the_follow_ups_for_its_own_reason() {
    let world = World::new().await;
    for (response, status, stop) in [
        (Response::Accepted, Status::Accepted, Stop::Accepted),
        (Response::Rejected, Status::Rejected, Stop::Rejected),
        (Response::Countered, Status::Countered, Stop::Countered),
        (Response::Replied, Status::Sent, Stop::Replied),
    ] {
        let id = world.run(sent).await.id;
        let told = world.run(async |tx| quote::record_response(tx, id, response).await).await;
        assert_eq!((told.status, told.follow_up_stop), (status, Some(stop)));
        assert_eq!((told.next_follow_up_at, told.responded_at), (None, Some(world.context.now)));
    }
    let id = world.run(draft).await.id;
    let early = async |tx: &Tx| quote::record_response(tx, id, Response::Accepted).await;
    assert!(matches!(world.db.run(world.context.clone(), early).await, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn on_its_last_day_a_quote_can_be_accepted_and_on_the_next_it_cannot() {
    let world = World::new().await;
    let accept = async |at: &str| {
        let id = world.run(sent).await.id;
        let accept = async |tx: &Tx| quote::record_response(tx, id, Response::Accepted).await;
        world.db.run(world.at(at), accept).await
    };
    assert!(accept("2026-12-31T23:59:59Z").await.is_ok());
    assert!(matches!(accept("2027-01-01T00:00:00Z").await, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn an_outcome_is_recorded_once_and_with_what_we_asked_for() {
    let world = World::new().await;
    let id = world.run(sent).await.id;
    let came = OutcomeOf {
        primary_reason: Some("price".to_owned()),
        competitor: Some("Umbrella".to_owned()),
        competitor_amount: Some(900.into()),
        ..OutcomeOf::plain(Outcome::Lost)
    };
    let record = async |came: OutcomeOf| {
        let record = async |tx: &Tx| quote::record_outcome(tx, id, came).await;
        world.db.run(world.context.clone(), record).await
    };
    let ended = record(came.clone()).await.unwrap();
    assert_eq!((ended.status, ended.outcome), (Status::Rejected, Some(Outcome::Lost)));
    assert_eq!(ended.follow_up_stop, Some(Stop::OutcomeRecorded));
    assert!(matches!(record(came).await, Err(Error::Conflict(_))));
    let row = "select concat_ws(' ', outcome, our_amount, competitor_amount) from quote_outcomes";
    assert_eq!(world.strings(row).await, ["lost 1000.00 900.00"]);
}

#[tokio::test]
async fn a_draft_has_no_outcome_and_an_accepted_quote_can_be_lost_no_more_than_once() {
    let world = World::new().await;
    let id = world.run(draft).await.id;
    let won = OutcomeOf::plain(Outcome::Won);
    let early = world
        .db
        .run(world.context.clone(), async |tx| quote::record_outcome(tx, id, won.clone()).await);
    assert!(matches!(early.await, Err(Error::Conflict(_))));
    let negative = OutcomeOf { competitor_amount: Some((-1).into()), ..won };
    let id = world.run(sent).await.id;
    let refused = async |tx: &Tx| quote::record_outcome(tx, id, negative).await;
    let refused = world.db.run(world.context.clone(), refused).await;
    assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == "competitor_amount"));
}

#[tokio::test]
async fn a_new_version_keeps_the_number_and_ends_the_old_one_when_it_is_sent() {
    let world = World::new().await;
    let old = world.run(sent).await;
    let revision = Revision {
        total_amount: Some(800.into()),
        valid_until: Some("2026-12-31".parse().unwrap()),
        ..Revision::default()
    };
    let new = world.run(async |tx| quote::revise(tx, old.id, revision.clone()).await).await;
    assert_eq!((new.quote_number.as_str(), new.version), (old.quote_number.as_str(), 2));
    assert_eq!((new.status, new.total_amount), (Status::Draft, Decimal::from(800)));
    assert_eq!(get(&world, old.id).await.follow_up_stop, None, "it goes on until then");
    world.run(async |tx| quote::send(tx, new.id).await).await;
    let ended = get(&world, old.id).await;
    assert_eq!(ended.follow_up_stop, Some(Stop::Superseded));
    assert_eq!(ended.superseded_at, Some(world.context.now));
    // It cannot be accepted any more, nor replaced a second time.
    let accept = async |tx: &Tx| quote::record_response(tx, old.id, Response::Accepted).await;
    assert!(matches!(world.db.run(world.context.clone(), accept).await, Err(Error::Conflict(_))));
    let twice = async |tx: &Tx| quote::revise(tx, old.id, revision).await;
    assert!(matches!(world.db.run(world.context.clone(), twice).await, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn a_quote_expires_after_its_last_day_on_the_tenants_calendar() {
    let world = World::new().await;
    let id = world.run(sent).await.id;
    let new = tenant::New::named("tenant", Zone::parse("America/Los_Angeles").unwrap());
    world.run(async |tx| tenant::change(tx, new).await).await;
    let expire =
        async |at: &str| world.run_as(&world.at(at), async |tx| quote::expire(tx, 10).await).await;
    // Midnight in Los Angeles is 08:00 in UTC.
    assert_eq!(expire("2027-01-01T07:59:59Z").await, []);
    assert_eq!(expire("2027-01-01T08:00:00Z").await, [id]);
    assert_eq!(expire("2027-01-02T08:00:00Z").await, [], "once");
    let gone = get(&world, id).await;
    assert_eq!((gone.status, gone.follow_up_stop), (Status::Expired, Some(Stop::Expired)));
    // What expired may be won after all, and offered again.
    let won = OutcomeOf::plain(Outcome::Won);
    let revised = world.run(async |tx| quote::revise(tx, id, Revision::default()).await).await;
    assert_eq!(revised.version, 2);
    let won = world.run(async |tx| quote::record_outcome(tx, id, won).await).await;
    assert_eq!(won.status, Status::Accepted);
}

#[tokio::test]
async fn rates_of_nothing_are_null_and_those_of_something_divide_by_the_right_thing() {
    let world = World::new().await;
    let rates = async |at: &Context| {
        let ask = Rates::default();
        world.db.read(at.clone(), async |tx| quote::win_rates(tx, &ask).await).await.unwrap()
    };
    let tomorrow = world.later(days(1));
    let none = rates(&tomorrow).await;
    assert_eq!((none.total_quotes, none.win_rate_pct, none.decided_win_rate_pct), (0, None, None));
    world
        .run(async |tx| {
            for outcome in [Outcome::Won, Outcome::Won, Outcome::Lost, Outcome::NoDecision] {
                let id = sent(tx).await?.id;
                quote::record_outcome(tx, id, OutcomeOf::plain(outcome)).await?;
            }
            sent(tx).await
        })
        .await;
    world.run_as(&world.neighbour, sent).await;
    let some = rates(&tomorrow).await;
    let counts = (some.total_quotes, some.won_count, some.lost_count, some.no_decision_count);
    assert_eq!(counts, (4, 2, 1, 1));
    assert_eq!(some.win_rate_pct, Some(Decimal::new(5000, 2)));
    assert_eq!(some.decided_win_rate_pct, Some(Decimal::new(6667, 2)));
    assert_eq!(some.avg_won_amount, Some(Decimal::from(1000)));
    // An answer counts where nobody recorded an outcome.
    world
        .run(async |tx| {
            let accepted = sent(tx).await?.id;
            quote::record_response(tx, accepted, Response::Accepted).await
        })
        .await;
    assert_eq!(rates(&tomorrow).await.won_count, 3);
    // The view goes by the database's clock, and so the quotes are made to be of now.
    let view = "select concat_ws(' ', total_quotes, won_count, lost_count, no_decision_count,
                                 expired_count, win_rate_pct, decided_win_rate_pct, avg_won_amount)
                from quote_win_rates order by 1";
    assert_eq!(world.strings(view).await, [""; 0]);
    let renew = "update quotes set created_at = now() - interval '90 days' + interval '1 minute'";
    world.owner.execute_unprepared(&format!("{renew} where status <> 'sent'")).await.unwrap();
    assert_eq!(world.strings(view).await, ["5 3 1 1 0 60.00 75.00 1000.00"]);
    world
        .owner
        .execute_unprepared("update quotes set created_at = '2026-03-02T09:00Z'")
        .await
        .unwrap();
    // Ninety days, the last of them still in.
    assert_eq!(rates(&world.later(days(90))).await.total_quotes, 5);
    assert_eq!(rates(&world.later(days(90) + TimeDelta::microseconds(1))).await.total_quotes, 0);
}

#[tokio::test]
async fn lines_that_do_not_add_up_and_amounts_beyond_a_billion_are_refused() {
    let world = World::new().await;
    world.run(async |tx| acme(tx).await).await;
    let line = |quantity: i64, total: i64| LineItem {
        description: "Hours".to_owned(),
        quantity: quantity.into(),
        unit_price: 10.into(),
        total: total.into(),
    };
    let with = |line_items| New { line_items, ..New::over(client(), "Lines", 30.into()) };
    let tries = [
        (with(vec![line(3, 31)]), "line_items"),
        (with(vec![line(0, 0); 101]), "line_items"),
        (New::over(client(), "Dear", 1_000_000_000.into()), "total_amount"),
        (New::over(client(), "Odd", Decimal::new(-1, 2)), "total_amount"),
        (
            with(vec![LineItem { unit_price: Decimal::MAX, ..line(3, 30) }]),
            "line_items", // and no panic
        ),
        (New { max_follow_ups: Some(-1), ..with(vec![]) }, "max_follow_ups"),
    ];
    for (new, wrong) in tries {
        let made =
            world.db.run(world.context.clone(), async |tx| quote::create(tx, new).await).await;
        assert!(matches!(&made, Err(Error::Invalid { field, .. }) if field == wrong), "{made:?}");
    }
    assert_eq!(world.strings("select count(*)::text from quote_counters").await, ["0"]);
    let good = world.run(async |tx| quote::create(tx, with(vec![line(3, 30)])).await).await;
    assert_eq!(get(&world, good.id).await.line_items.0, [line(3, 30)]);
}
