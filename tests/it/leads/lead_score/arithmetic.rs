//! The numbers of seed 004, each on both of its sides.

use chrono::{DateTime, TimeDelta, Utc};
use service::leads::{
    lead_activity::Signal,
    lead_score::{CALL_READY, Class, HOT, Known, Weights, class, raw, score},
};

fn now() -> DateTime<Utc> {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

const DEFAULT: Weights =
    Weights { qualification: 4000, engagement: 3000, intent: 2000, demographic: 1000 };

/// Qualification, engagement, intent and demographic points.
fn parts(known: &Known) -> [i64; 4] {
    raw(known, now()).0
}

#[test]
fn answers_of_70_50_and_30_give_40_25_and_10() {
    for (answers, points) in
        [(100, 40), (70, 40), (69, 25), (50, 25), (49, 10), (30, 10), (29, 0), (0, 0)]
    {
        assert_eq!(parts(&Known { answers, ..Known::default() }), [points, 0, 0, 0], "{answers}");
    }
}

#[test]
fn the_last_contact_counts_for_7_30_and_90_whole_days() {
    let day = TimeDelta::days;
    let before = TimeDelta::microseconds(1);
    for (ago, points) in [
        (day(-3), 15),
        (day(0), 15),
        (day(8) - before, 15),
        (day(8), 10),
        (day(31) - before, 10),
        (day(31), 5),
        (day(91) - before, 5),
        (day(91), 0),
    ] {
        let known = Known { last_contact: Some(now() - ago), ..Known::default() };
        assert_eq!(parts(&known), [0, points, 0, 0], "{ago}");
    }
    assert_eq!(parts(&Known::default()), [0, 0, 0, 0], "never");
}

#[test]
fn five_three_and_one_call_give_10_7_and_3() {
    for (calls, points) in [(6, 10), (5, 10), (4, 7), (3, 7), (2, 3), (1, 3), (0, 0)] {
        assert_eq!(parts(&Known { calls, ..Known::default() }), [0, points, 0, 0], "{calls}");
    }
}

#[test]
fn replies_openings_and_clicks_count_once_each_and_engagement_is_30_at_the_most() {
    use Signal::{Clicked, Opened, Reply};
    for (noted, points) in [
        (vec![Reply], 5),
        (vec![Reply, Reply], 5),
        (vec![Opened], 3),
        (vec![Clicked], 5),
        (vec![Reply, Opened, Clicked], 13),
    ] {
        assert_eq!(parts(&Known { noted, ..Known::default() }), [0, points, 0, 0]);
    }
    // 15 + 10 + 5 are 30, and 13 more are none.
    let most = Known {
        last_contact: Some(now()),
        calls: 5,
        noted: vec![Reply, Opened, Clicked],
        ..Known::default()
    };
    assert_eq!(parts(&most), [0, 30, 0, 0]);
    let less = Known { calls: 3, noted: vec![Reply], ..most };
    assert_eq!(parts(&less), [0, 27, 0, 0]);
}

#[test]
fn what_is_said_is_summed_over_calls_and_then_limited_to_0_and_20() {
    use Signal::{Callback, Handled, Interest, Objection, Questions};
    for (said, points) in [
        (vec![Interest], 10),
        (vec![Questions], 5),
        (vec![Callback], 10),
        (vec![Handled], 5),
        (vec![Objection], 0),
        (vec![Interest, Objection], 0),
        (vec![Interest, Questions, Objection], 5),
        (vec![Interest, Questions, Handled], 20),
        (vec![Interest, Interest, Questions], 20),
        // 35 less 20 are 15: the limit comes last.
        (vec![Interest, Interest, Callback, Questions, Objection, Objection], 15),
        (vec![Objection, Objection, Interest], 0),
    ] {
        assert_eq!(parts(&Known { said, ..Known::default() }), [0, 0, points, 0]);
    }
}

#[test]
fn where_they_are_gives_5_and_5_and_sources_are_tried_in_their_order() {
    let zone = |zone: &str| Known { zone: Some(zone.to_owned()), ..Known::default() };
    for (name, points) in [
        ("America/New_York", 5),
        ("US/Pacific", 5),
        ("Pacific/Honolulu", 5),
        ("Europe/Paris", 0),
        ("UTC", 0),
    ] {
        assert_eq!(parts(&zone(name)), [0, 0, 0, points], "{name}");
    }
    let phone = |phone: &str| Known { phone: Some(phone.to_owned()), ..Known::default() };
    for (number, points) in [("+12025550109", 5), ("+442071234567", 0), ("+1202555", 0)] {
        assert_eq!(parts(&phone(number)), [0, 0, 0, points], "{number}");
    }
    let source = |source: &str| Known { source: Some(source.to_owned()), ..Known::default() };
    for (name, points) in [
        ("referral", 10),
        ("Referral from Facebook", 10),
        ("facebook_ads", 5),
        ("LinkedIn", 5),
        ("linkedin_list", 5),
        ("purchased", 0),
        ("purchased_list", 0),
        ("email_list", 0),
        ("gmail_import", 7),
        ("e-mail", 7),
        ("email", 7),
        ("website", 3),
        ("event", 3),
    ] {
        assert_eq!(parts(&source(name)), [0, 0, 0, points], "{name}");
    }
    assert_eq!(parts(&Known::default()), [0; 4]);
    let most = Known {
        zone: Some("America/New_York".to_owned()),
        phone: Some("+12025550109".to_owned()),
        ..source("referral")
    };
    assert_eq!(parts(&most), [0, 0, 0, 10]);
}

#[test]
fn eighty_is_hot_sixty_warm_and_forty_cool() {
    for (points, expected) in [
        (100, Class::Hot),
        (80, Class::Hot),
        (79, Class::Warm),
        (60, Class::Warm),
        (59, Class::Cool),
        (40, Class::Cool),
        (39, Class::Cold),
        (0, Class::Cold),
    ] {
        assert_eq!(class(points), expected, "{points}");
    }
    // Defect 4-25: 70 is another thing.
    assert_eq!((HOT, CALL_READY), (80, 70));
}

fn best() -> Known {
    Known {
        answers: 100,
        last_contact: Some(now()),
        calls: 5,
        noted: vec![Signal::Reply],
        said: vec![Signal::Interest, Signal::Callback],
        zone: Some("America/New_York".to_owned()),
        phone: Some("+12025550109".to_owned()),
        source: None,
    }
}

fn by(known: &Known, weights: [i64; 4]) -> [i64; 5] {
    let [qualification, engagement, intent, demographic] = weights;
    let weights = Weights { qualification, engagement, intent, demographic };
    let of = score(known, &weights, 0, None, now()).factors;
    [of.qualification, of.engagement, of.intent, of.demographic, of.total]
}

/// Defect 4-23: the weights were stored, and not used.
#[test]
fn a_component_gives_its_points_by_its_weight() {
    assert_eq!(by(&best(), [4000, 3000, 2000, 1000]), [40, 30, 20, 10, 100]);
    assert_eq!(by(&best(), [2500, 2500, 2500, 2500]), [25, 25, 25, 25, 100]);
    assert_eq!(by(&best(), [0, 0, 10_000, 0]), [0, 0, 100, 0, 100]);
    // Half of the answers' points at a quarter of the weight: 25 × 0.25 / 0.40 = 15.625.
    let known = Known { answers: 50, ..Known::default() };
    assert_eq!(by(&known, [2500, 2500, 2500, 2500]), [16, 0, 0, 0, 16]);
}

#[test]
fn the_sum_is_rounded_once_half_up_and_the_parts_sum_to_it() {
    // 10 × 0.42 / 0.40 = 10.5; 3 × 0.35 / 0.30 = 3.5: 14 together, the first of equals gets the rest.
    let known = Known { answers: 30, calls: 1, ..Known::default() };
    assert_eq!(by(&known, [4200, 3500, 1300, 1000]), [11, 3, 0, 0, 14]);
    // 10.5 alone is 11, and 10.475 is 10.
    let known = Known { answers: 30, ..Known::default() };
    assert_eq!(by(&known, [4200, 3500, 1300, 1000]), [11, 0, 0, 0, 11]);
    assert_eq!(by(&known, [4190, 3510, 1300, 1000]), [10, 0, 0, 0, 10]);
    // Weights that sum to 1.01 give 101 points, of which the parts have their share: 39.6, 30.7, 19.8
    // and 9.9 of 100. The three that are left over go to the largest remainders.
    assert_eq!(by(&best(), [4000, 3100, 2000, 1000]), [39, 31, 20, 10, 100]);
    // And 0.99 give 99.
    assert_eq!(by(&best(), [4000, 2900, 2000, 1000]), [40, 29, 20, 10, 99]);
}

#[test]
fn whatever_the_weights_the_parts_sum_to_the_total_and_stay_within_their_limits() {
    let mut seen = 0;
    for a in (0..=10_000).step_by(730) {
        for b in (0..=10_000 - a).step_by(610) {
            for c in (0..=10_000 - a - b).step_by(970) {
                let d = 10_000 - a - b - c;
                for answers in [0, 30, 50, 70] {
                    for decay in [0, 1, 2, 40] {
                        let known = Known { answers, ..best() };
                        let weights =
                            Weights { qualification: a, engagement: b, intent: c, demographic: d };
                        let of = score(&known, &weights, decay, None, now()).factors;
                        let parts = [of.qualification, of.engagement, of.intent, of.demographic];
                        assert_eq!(parts.iter().sum::<i64>(), of.total);
                        assert!((0..=100).contains(&of.total) && parts.iter().all(|p| *p >= 0));
                        seen += 1;
                    }
                }
            }
        }
    }
    assert!(seen > 5000, "{seen}");
}

#[test]
fn a_month_leaves_four_fifths_of_engagement_and_half_of_intent_and_all_of_the_rest() {
    let after = |months| {
        let of = score(&best(), &DEFAULT, months, None, now()).factors;
        [of.qualification, of.engagement, of.intent, of.demographic, of.total]
    };
    assert_eq!(after(0), [40, 30, 20, 10, 100]);
    assert_eq!(after(1), [40, 24, 10, 10, 84]);
    assert_eq!(after(2), [40, 19, 5, 10, 74]); // 19.2
    assert_eq!(after(3), [40, 15, 3, 10, 68]); // 15.36 and 2.5
    assert_eq!(after(30), [40, 0, 0, 10, 50]); // 0.037
    assert_eq!(after(i32::MAX), [40, 0, 0, 10, 50]);
}

#[test]
fn a_score_set_by_hand_adds_its_difference_as_a_part() {
    for (set, difference) in [(100, 0), (77, -23), (0, -100)] {
        let of = score(&best(), &DEFAULT, 0, Some(set), now()).factors;
        assert_eq!((of.by_hand, of.total), (Some(difference), set));
        let parts = of.qualification + of.engagement + of.intent + of.demographic;
        assert_eq!(parts + difference, of.total);
    }
}
