//! When periods begin and end.

use chrono::{Months, NaiveDate, TimeDelta, Utc};
use chrono_tz::{America::New_York, Tz};
use proptest::prelude::*;
use service::compliance::compliance_schedule::{
    Adjust, Frequency, Plan, first_due, listed_from, months,
};

use super::date;

fn plan(anchor: &str, frequency: Frequency) -> Plan {
    Plan { anchor: date(anchor), frequency, adjust: Adjust::None, zone: Tz::UTC }
}

fn ends(plan: Plan, upto: i32) -> Vec<String> {
    (0..upto).map(|no| plan.period(no).unwrap().end.to_string()).collect()
}

#[test]
fn a_month_that_is_too_short_shortens_no_other() {
    let expected = ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"];
    assert_eq!(ends(plan("2026-01-31", Frequency::Monthly), 5), expected);
    let expected = ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"];
    assert_eq!(ends(plan("2024-02-29", Frequency::Annual), 5), expected);
    let expected = ["2026-08-31", "2027-02-28", "2027-08-31", "2028-02-29"];
    assert_eq!(ends(plan("2026-08-31", Frequency::SemiAnnual), 4), expected);
    // The period before the first due day is counted the same way.
    let first = plan("2026-03-31", Frequency::Monthly).period(0).unwrap();
    assert_eq!(first.start, date("2026-02-28"));
}

#[test]
fn the_first_due_day_is_the_first_of_the_next_period_of_the_calendar() {
    for (frequency, today, due) in [
        (Frequency::Monthly, "2026-03-02", "2026-04-01"),
        (Frequency::Monthly, "2026-01-31", "2026-02-01"),
        (Frequency::Monthly, "2026-12-31", "2027-01-01"),
        (Frequency::Quarterly, "2026-03-31", "2026-04-01"),
        (Frequency::Quarterly, "2026-04-01", "2026-07-01"),
        (Frequency::Quarterly, "2026-12-01", "2027-01-01"),
        // 1 July or 1 January, and not June or December (defect 2-22).
        (Frequency::SemiAnnual, "2026-06-30", "2026-07-01"),
        (Frequency::SemiAnnual, "2026-07-01", "2027-01-01"),
        (Frequency::Annual, "2026-01-01", "2027-01-01"),
        (Frequency::Annual, "2026-12-31", "2027-01-01"),
    ] {
        assert_eq!(first_due(frequency, date(today)).unwrap(), date(due), "{frequency:?} {today}");
    }
}

#[test]
fn a_due_day_on_a_weekend_goes_where_the_schedule_says() {
    // 28 February 2026 is a Saturday, 1 March a Sunday, 2 March a Monday.
    for (anchor, adjust, due) in [
        ("2026-02-28", Adjust::None, "2026-02-28"),
        ("2026-02-28", Adjust::Following, "2026-03-02"),
        ("2026-02-28", Adjust::Preceding, "2026-02-27"),
        ("2026-03-01", Adjust::Following, "2026-03-02"),
        ("2026-03-01", Adjust::Preceding, "2026-02-27"),
        ("2026-03-02", Adjust::Following, "2026-03-02"),
        ("2026-02-27", Adjust::Preceding, "2026-02-27"),
    ] {
        let period = Plan { adjust, ..plan(anchor, Frequency::Monthly) }.period(0).unwrap();
        assert_eq!((period.due_on, period.end), (date(due), date(anchor)), "{anchor} {adjust:?}");
    }
}

#[test]
fn a_due_day_ends_at_midnight_where_the_tenant_is() {
    let ends = |day| {
        let plan = Plan { zone: New_York, ..plan(day, Frequency::Monthly) };
        plan.period(0).unwrap().due_at.to_rfc3339()
    };
    // The clocks go forward on 8 March.
    assert_eq!(ends("2026-03-07"), "2026-03-08T05:00:00+00:00");
    assert_eq!(ends("2026-03-08"), "2026-03-09T04:00:00+00:00");
}

#[test]
fn at_the_end_of_time_it_says_so() {
    let plan = plan("9998-06-30", Frequency::Annual);
    assert!(plan.period(0).is_ok());
    assert!(plan.period(1).is_err());
    assert!(plan.period(i32::MAX).is_err());
}

fn frequencies() -> impl Strategy<Value = Frequency> {
    prop::sample::select(vec![
        Frequency::Monthly,
        Frequency::Quarterly,
        Frequency::SemiAnnual,
        Frequency::Annual,
    ])
}

proptest! {
    #[test]
    fn every_period_is_what_the_calendar_says_and_they_join_up(
        frequency in frequencies(), day in 0_u64..40_000, no in 0_i32..400,
    ) {
        let anchor = date("1970-01-01") + chrono::Days::new(day);
        let plan = Plan { anchor, frequency, adjust: Adjust::None, zone: Tz::UTC };
        let on = u32::try_from(no * months(frequency)).unwrap();
        let expected = anchor.checked_add_months(Months::new(on)).unwrap();
        let (this, next) = (plan.period(no).unwrap(), plan.period(no + 1).unwrap());
        prop_assert_eq!(this.end, expected);
        prop_assert_eq!(next.start, this.end);
        prop_assert!(this.start < this.end && this.due_at < next.due_at);
        if no == 0 {
            let back = Months::new(u32::try_from(months(frequency)).unwrap());
            prop_assert_eq!(this.start, anchor.checked_sub_months(back).unwrap());
        }
    }

    #[test]
    fn the_last_period_that_is_listed_is_the_last_one(
        frequency in frequencies(), day in 0_u64..20_000, on in -5_000_i64..20_000,
        days in 1_i32..366, adjust in 0_usize..3,
    ) {
        let anchor: NaiveDate = date("1970-01-01") + chrono::Days::new(day);
        let adjust = [Adjust::None, Adjust::Following, Adjust::Preceding][adjust];
        let plan = Plan { anchor, frequency, adjust, zone: New_York };
        let now = anchor.and_hms_opt(5, 0, 0).unwrap().and_local_timezone(Utc).unwrap()
            + TimeDelta::days(on);
        let listed = |no| listed_from(plan.period(no).unwrap().due_at, days) <= now;
        match plan.last_listed(0, now, days).unwrap() {
            None => prop_assert!(!listed(0)),
            Some(last) => prop_assert!(listed(last.no) && !listed(last.no + 1)),
        }
    }
}
