//! At what time of day people may be called, and where they may be.

use chrono::{DateTime, Timelike, Utc};
use chrono_tz::{
    America::{
        Adak, Anchorage, Boise, Chicago, Denver, Detroit, Halifax, Los_Angeles, New_York, Phoenix,
        Puerto_Rico, Regina, St_Johns, Toronto, Vancouver, Winnipeg,
    },
    Asia::{Dubai, Singapore},
    Australia::{Adelaide, Brisbane, Darwin, Hobart, Perth, Sydney},
    Europe::{Amsterdam, Berlin, Dublin, London, Madrid, Paris, Rome, Vienna, Zurich},
    Pacific::{Auckland, Honolulu},
    Tz,
};
use entity::phone::Phone;

/// The hours, where the called party is, in which calls are allowed: from the first up to but not
/// including the second. (47 CFR 64.1200(c)(1): 8 a.m. to 9 p.m.; as of 2026-11.)
pub const CALLING_HOURS: (u32, u32) = (8, 21);

/// The zones in which somebody with a number of a country may be, as far as we know. A number that
/// moves keeps its area code, so that all of the country's count.
const ZONES: [(&str, &[Tz]); 15] = [
    ("AE", &[Dubai]),
    ("AT", &[Vienna]),
    ("AU", &[Adelaide, Brisbane, Darwin, Hobart, Perth, Sydney]),
    ("CA", &[Halifax, Regina, St_Johns, Toronto, Vancouver, Winnipeg]),
    ("CH", &[Zurich]),
    ("DE", &[Berlin]),
    ("ES", &[Madrid, chrono_tz::Atlantic::Canary]),
    ("FR", &[Paris]),
    ("GB", &[London]),
    ("IE", &[Dublin]),
    ("IT", &[Rome]),
    ("NL", &[Amsterdam]),
    ("NZ", &[Auckland, chrono_tz::Pacific::Chatham]),
    ("SG", &[Singapore]),
    (
        "US",
        &[
            Adak,
            Anchorage,
            Boise,
            Chicago,
            Denver,
            Detroit,
            Honolulu,
            Los_Angeles,
            New_York,
            Phoenix,
            Puerto_Rico,
        ],
    ),
];

/// Where somebody may be of whom only the number is known; empty if that is anybody's guess.
#[must_use]
pub fn zones_of(phone: &Phone) -> &'static [Tz] {
    let region = phone.region().unwrap_or_default();
    ZONES.iter().find(|(code, _)| *code == region).map_or(&[], |(_, zones)| zones)
}

/// Whether it is an hour for calls in every one of the zones. Hours of which the first is the later
/// one go through the night.
pub(super) fn is_open((from, to): (u32, u32), zones: &[Tz], at: DateTime<Utc>) -> bool {
    zones.iter().all(|zone| {
        let hour = at.with_timezone(zone).hour();
        if from <= to { (from..to).contains(&hour) } else { hour >= from || hour < to }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_may_go_through_the_night_and_end_where_the_clock_says() {
        let open = |hours, time: &str| is_open(hours, &[New_York], time.parse().expect("a time"));
        // In New York it is 21:59, 22:00, 05:59 and 06:00.
        assert!(!open((22, 6), "2026-01-02T02:59:59Z"));
        assert!(open((22, 6), "2026-01-02T03:00:00Z"));
        assert!(open((22, 6), "2026-01-02T10:59:59Z"));
        assert!(!open((22, 6), "2026-01-02T11:00:00Z"));
        // On 8 March 2026 there is no hour from two to three; on 1 November one to two comes twice.
        assert!(!open((2, 3), "2026-03-08T06:59:59Z") && !open((2, 3), "2026-03-08T07:00:00Z"));
        assert!(open((1, 2), "2026-11-01T05:30:00Z") && open((1, 2), "2026-11-01T06:30:00Z"));
        assert!(!open((1, 2), "2026-11-01T07:00:00Z"));
    }
}
