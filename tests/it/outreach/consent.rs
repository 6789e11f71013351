//! What somebody agreed to, and when that holds.

use chrono::{DateTime, TimeDelta, Utc};
use integration::{
    World,
    populate::{email, phone},
};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use service::{
    Context, Error, Tx,
    outreach::{
        consent::{self, Basis, Channel, Grant, Purpose, Revocation, Subject},
        dnc::{self, New},
        external_list::{self, Answer, Kind, Line},
    },
};

const NUMBER: &str = "+12065550010";

fn grant(at: &Context, basis: Basis) -> Grant {
    Grant {
        subject: phone(NUMBER).into(),
        purpose: Purpose::Marketing,
        channel: Channel::Sms,
        basis,
        text_version: Some("2026-01".to_owned()),
        source: "web_form".to_owned(),
        reference: Some("https://acme.example/form/1".to_owned()),
        granted_at: at.now,
    }
}

fn stop(at: &Context, only: Option<(Purpose, Channel)>) -> Revocation {
    Revocation { subject: phone(NUMBER).into(), only, how: "STOP".to_owned(), at: at.now }
}

const SMS: (Purpose, Channel) = (Purpose::Marketing, Channel::Sms);

async fn holds(world: &World, of: (Purpose, Channel), at: DateTime<Utc>) -> Option<Basis> {
    let subject = Subject::from(phone(NUMBER));
    world.run(async |tx| consent::holds_at(tx, &subject, of.0, of.1, at).await).await
}

#[tokio::test]
async fn a_consent_holds_from_its_instant_until_it_is_withdrawn_for_its_purpose_and_channel() {
    let world = World::new().await;
    let (given, ended) = (world.later(TimeDelta::days(-10)), world.later(TimeDelta::days(-5)));
    let micro = TimeDelta::microseconds(1);
    let row = world.run(async |tx| consent::grant(tx, grant(&given, Basis::Express)).await).await;
    assert_eq!((row.captured_by.as_str(), row.recorded_at), ("system:test", world.context.now));
    assert_eq!(holds(&world, SMS, given.now - micro).await, None);
    assert_eq!(holds(&world, SMS, given.now).await, Some(Basis::Express));
    assert_eq!(holds(&world, (Purpose::Informational, Channel::Sms), given.now).await, None);
    assert_eq!(holds(&world, (Purpose::Marketing, Channel::Call), given.now).await, None);
    let stopped = world.run(async |tx| consent::revoke(tx, &stop(&ended, Some(SMS))).await).await;
    assert_eq!(stopped, 1);
    assert_eq!(holds(&world, SMS, ended.now - micro).await, Some(Basis::Express));
    assert_eq!(holds(&world, SMS, ended.now).await, None);
    // Given anew: another row, and the old one stays.
    let again = world.later(TimeDelta::days(-1));
    world.run(async |tx| consent::grant(tx, grant(&again, Basis::ExpressWritten)).await).await;
    assert_eq!(holds(&world, SMS, world.context.now).await, Some(Basis::ExpressWritten));
    let all = world.run(async |tx| consent::of(tx, &phone(NUMBER).into()).await).await;
    assert_eq!(all.len(), 2);
    assert_eq!((all[1].id, all[1].revoked_at), (row.id, Some(ended.now)));
    assert_eq!(all[1].revoked_how.as_deref(), Some("STOP"));
    let theirs = async |tx: &Tx| consent::of(tx, &phone(NUMBER).into()).await;
    assert!(world.run_as(&world.neighbour, theirs).await.is_empty());
}

#[tokio::test]
async fn a_newer_withdrawal_wins_over_an_older_consent_in_whatever_order_they_are_told() {
    let world = World::new().await;
    let (before, between, after) = (
        world.later(TimeDelta::days(-3)),
        world.later(TimeDelta::days(-2)),
        world.later(TimeDelta::days(-1)),
    );
    assert_eq!(
        world.run(async |tx| consent::revoke(tx, &stop(&between, Some(SMS))).await).await,
        0
    );
    world.run(async |tx| consent::grant(tx, grant(&before, Basis::ExpressWritten)).await).await;
    assert_eq!(holds(&world, SMS, world.context.now).await, None, "it was older");
    world.run(async |tx| consent::grant(tx, grant(&between, Basis::Express)).await).await;
    assert_eq!(holds(&world, SMS, world.context.now).await, None, "of the same instant");
    world.run(async |tx| consent::grant(tx, grant(&after, Basis::Express)).await).await;
    assert_eq!(holds(&world, SMS, world.context.now).await, Some(Basis::Express));
    // And a withdrawal that is older than it ends nothing.
    world.run(async |tx| consent::revoke(tx, &stop(&before, Some(SMS))).await).await;
    assert_eq!(holds(&world, SMS, world.context.now).await, Some(Basis::Express));
}

#[tokio::test]
async fn whoever_is_listed_at_their_request_has_withdrawn_also_after_they_come_off_the_list() {
    let world = World::new().await;
    let before = world.later(TimeDelta::days(-1));
    world.run(async |tx| consent::grant(tx, grant(&before, Basis::ExpressWritten)).await).await;
    world.run(async |tx| dnc::add(tx, New::for_good(NUMBER, "admin_added")).await).await;
    assert!(holds(&world, SMS, world.context.now).await.is_some(), "nobody asked");
    world.run(async |tx| dnc::add(tx, New::for_good(NUMBER, "lead_requested")).await).await;
    assert_eq!(holds(&world, SMS, world.context.now).await, None);
    world.run(async |tx| dnc::remove(tx, NUMBER, "consent in writing of today").await).await;
    assert_eq!(holds(&world, SMS, world.context.now).await, None, "the old one stays dead");
    let later = world.later(TimeDelta::seconds(1));
    world.run_as(&later, async |tx| consent::grant(tx, grant(&later, Basis::Express)).await).await;
    assert_eq!(holds(&world, SMS, later.now).await, Some(Basis::Express));
}

#[tokio::test]
async fn a_withdrawal_is_of_one_purpose_and_channel_until_the_law_spreads_it_to_all_by_machine() {
    let world = World::new().await;
    let machine = (Purpose::Informational, Channel::AutodialledCall);
    let person = (Purpose::Marketing, Channel::Call);
    for (day, spreads) in [("2027-01-30T12:00:00Z", false), ("2027-01-31T12:00:00Z", true)] {
        let given = world.at(day);
        let at = Context { now: given.now + TimeDelta::hours(1), ..given.clone() };
        for (purpose, channel) in [SMS, machine, person] {
            let new = Grant { purpose, channel, ..grant(&given, Basis::Express) };
            world.run_as(&given, async |tx| consent::grant(tx, new).await).await;
        }
        let ended =
            world.run_as(&at, async |tx| consent::revoke(tx, &stop(&at, Some(SMS))).await).await;
        assert_eq!(ended, if spreads { 3 } else { 1 }, "{day}"); // the machine's of the day before too
        assert_eq!(holds(&world, SMS, at.now).await, None);
        assert_eq!(holds(&world, machine, at.now).await.is_none(), spreads);
        assert!(holds(&world, person, at.now).await.is_some(), "a person's call is another matter");
    }
    let at = world.at("2027-02-01T12:00:00Z");
    world.run_as(&at, async |tx| consent::revoke(tx, &stop(&at, None)).await).await;
    assert_eq!(holds(&world, person, at.now).await, None, "from everything");
}

#[tokio::test]
async fn a_number_that_changed_hands_takes_no_consent_along_and_no_data_is_not_no() {
    let world = World::new().await;
    let given = world.later(TimeDelta::days(-10));
    world.run(async |tx| consent::grant(tx, grant(&given, Basis::ExpressWritten)).await).await;
    let load = async |days: i64, answer: Answer, asked_about: DateTime<Utc>| {
        let new = external_list::New {
            kind: Kind::Rnd,
            jurisdiction: "US".to_owned(),
            source: "RND".to_owned(),
            as_of: world.context.now + TimeDelta::days(days),
        };
        let consent_date = Some(asked_about.date_naive());
        let line = Line { number: "206 555 0010", answer, consent_date };
        world.run(async |tx| external_list::load(tx, new, &[line]).await).await
    };
    for (days, answer) in [(-4, Answer::No), (-3, Answer::NoData)] {
        load(days, answer, given.now).await;
        assert!(holds(&world, SMS, world.context.now).await.is_some(), "{answer:?}");
    }
    // Disconnected since a day before the consent's: that says nothing about the consent.
    load(-2, Answer::Yes, given.now - TimeDelta::days(1)).await;
    assert!(holds(&world, SMS, world.context.now).await.is_some());
    let yes = load(-1, Answer::Yes, given.now).await;
    assert_eq!(holds(&world, SMS, world.context.now).await, None);
    assert!(holds(&world, SMS, yes.list.as_of - TimeDelta::microseconds(1)).await.is_some());
    // One of before, that turns up only now, is void as well; one of after is the new holder's.
    let older =
        Grant { granted_at: given.now - TimeDelta::days(5), ..grant(&given, Basis::Express) };
    let row = world.run(async |tx| consent::grant(tx, older).await).await;
    assert_eq!(row.void_from, Some(yes.list.as_of));
    let newer = Grant { granted_at: world.context.now, ..grant(&given, Basis::Express) };
    world.run(async |tx| consent::grant(tx, newer).await).await;
    assert_eq!(holds(&world, SMS, world.context.now).await, Some(Basis::Express));
}

#[tokio::test]
async fn the_same_consent_told_twice_is_one_and_what_cannot_be_is_refused() {
    let world = World::new().await;
    let tell = async |new: Grant| {
        world.db.run(world.context.clone(), async |tx| consent::grant(tx, new).await).await
    };
    let good = grant(&world.context, Basis::Express);
    let first = tell(good.clone()).await.unwrap();
    assert_eq!(tell(good.clone()).await.unwrap().id, first.id);
    let stronger = Grant { basis: Basis::ExpressWritten, ..good.clone() };
    assert!(matches!(tell(stronger).await, Err(Error::Conflict(_))));
    let wrong = [
        ("basis", Grant { basis: Basis::None, ..good.clone() }),
        (
            "text_version",
            Grant { basis: Basis::ExpressWritten, text_version: None, ..good.clone() },
        ),
        (
            "granted_at",
            Grant { granted_at: world.context.now + TimeDelta::seconds(1), ..good.clone() },
        ),
        ("channel", Grant { channel: Channel::Email, ..good.clone() }),
        ("channel", Grant { subject: email("ada@acme.example").into(), ..good.clone() }),
        ("source", Grant { source: " ".to_owned(), ..good.clone() }),
    ];
    for (named, new) in wrong {
        let refused = tell(new).await;
        assert!(
            matches!(&refused, Err(Error::Invalid { field, .. }) if field == named),
            "{refused:?}"
        );
    }
    let by_mail =
        Grant { subject: email("ada@acme.example").into(), channel: Channel::Email, ..good };
    tell(by_mail).await.unwrap();
    let gone = Revocation { how: String::new(), ..stop(&world.context, None) };
    let refused =
        world.db.run(world.context.clone(), async |tx| consent::revoke(tx, &gone).await).await;
    assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == "how"));
}

#[tokio::test]
async fn many_are_answered_in_their_order_and_the_sql_function_says_the_same() {
    let world = World::new().await;
    let days = |n: i64| world.context.now + TimeDelta::days(n);
    let mut subjects: Vec<Subject> = vec![];
    for n in 0..40_i64 {
        let number = format!("+1206555{:04}", 100 + n);
        let subject = Subject::from(phone(&number));
        subjects.push(subject.clone());
        world
            .run(async |tx| {
                for (k, basis) in [(n % 3, Basis::Express), (n % 5, Basis::ExpressWritten)] {
                    if k > 0 {
                        let granted_at = days(-20 + 3 * k + i64::from(basis == Basis::Express));
                        let new = Grant {
                            subject: subject.clone(),
                            granted_at,
                            ..grant(&world.context, basis)
                        };
                        consent::grant(tx, new).await?;
                    }
                }
                if n % 4 == 0 {
                    let at = days(-16 + n % 7);
                    let gone = Revocation {
                        subject: subject.clone(),
                        at,
                        ..stop(&world.context, Some(SMS))
                    };
                    consent::revoke(tx, &gone).await?;
                }
                Ok(())
            })
            .await;
        if n % 9 == 0 {
            let then = world.later(TimeDelta::days(-10 + n % 5));
            let asked = New::for_good(&number, "lead_requested");
            world.run_as(&then, async |tx| dnc::add(tx, asked).await).await;
        }
    }
    for at in (-20..=0).step_by(3).map(days) {
        let found =
            world.run(async |tx| consent::holds_many(tx, &subjects, SMS.0, SMS.1, at).await).await;
        assert_eq!(found.len(), 40);
        for (subject, found) in subjects.iter().zip(found) {
            let sql = "select consent_in_force($1, 'marketing', 'sms', $2, $3)";
            let values = [subject.as_str().into(), world.context.tenant.into(), at.into()];
            let ask = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
            let read = async |tx: &Tx| {
                Ok(tx.query_one_raw(ask).await?.unwrap().try_get_by_index::<Option<String>>(0)?)
            };
            let said = world.db.read(world.context.clone(), read).await.unwrap();
            let expected = found.map(|basis| match basis {
                Basis::None => "none",
                Basis::Express => "express",
                Basis::ExpressWritten => "express_written",
            });
            assert_eq!(said.as_deref(), expected, "{} {at}", subject.as_str());
        }
    }
}
