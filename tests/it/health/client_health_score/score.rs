//! The arithmetic of the score, whatever is put into it. The table of its boundaries is beside it.

use proptest::prelude::*;
use service::health::client_health_score::{Scored, Seen, score};

fn seen() -> impl Strategy<Value = Seen> {
    (0..40_i64, 0..80_i64, proptest::option::of(0..400_i64), 0..60_i64, 0..60_i64).prop_map(
        |(sessions_7d, more, days_since_last, outstanding, purchased)| Seen {
            sessions_7d,
            sessions_30d: sessions_7d + more,
            days_since_last,
            outstanding,
            purchased,
        },
    )
}

fn of(seen: &Seen) -> Option<Scored> {
    score(seen)
}

proptest! {
    #[test]
    fn whatever_is_known_scores_lie_between_0_and_100(seen in seen()) {
        if let Some(found) = of(&seen) {
            let package = found.package.unwrap_or_default();
            for part in [found.engagement, package, found.momentum, found.score, found.risk] {
                prop_assert!((0..=100).contains(&part), "{found:?}");
            }
            let points: i32 = found.factors.0.iter().map(|f| f.points).sum();
            prop_assert_eq!(i64::from(points).clamp(0, 100), found.risk);
        }
    }

    #[test]
    fn to_have_come_later_never_costs_anything(seen in seen(), fewer in 0..400_i64) {
        let Some(days) = seen.days_since_last else { return Ok(()) };
        let nearer = Seen { days_since_last: Some((days - fewer).max(0)), ..seen };
        let (Some(before), Some(after)) = (of(&seen), of(&nearer)) else { return Ok(()) };
        prop_assert!(after.engagement >= before.engagement);
        prop_assert!(after.score >= before.score);
    }

    #[test]
    fn more_left_of_the_package_never_costs_anything(seen in seen(), more in 0..60_i64) {
        let fuller = Seen { outstanding: seen.outstanding + more, ..seen };
        let (Some(before), Some(after)) = (of(&seen), of(&fuller)) else { return Ok(()) };
        if before.package.is_none() {
            return Ok(());
        }
        prop_assert!(after.package >= before.package);
        prop_assert!(after.score >= before.score);
    }

    #[test]
    fn more_of_the_months_sessions_in_the_last_week_never_cost_anything(seen in seen()) {
        if seen.sessions_7d == seen.sessions_30d {
            return Ok(());
        }
        let lately = Seen { sessions_7d: seen.sessions_7d + 1, ..seen };
        let (Some(before), Some(after)) = (of(&seen), of(&lately)) else { return Ok(()) };
        prop_assert!(after.engagement >= before.engagement);
        prop_assert!(after.momentum >= before.momentum);
        prop_assert!(after.change_pct >= before.change_pct);
        prop_assert!(after.score >= before.score);
    }

    #[test]
    fn never_is_as_long_ago_as_can_be(seen in seen(), days in 31..4000_i64) {
        let never = Seen { days_since_last: None, purchased: seen.purchased.max(1), ..seen };
        let long_ago = Seen { days_since_last: Some(days), ..never };
        prop_assert_eq!(of(&never), of(&long_ago));
    }
}
