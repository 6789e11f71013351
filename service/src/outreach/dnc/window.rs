//! At what time of day people may be called: rules as data, which counsel reviews.

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

/// Whether it is an hour for calls in every one of the zones.
pub(super) fn is_open(zones: &[Tz], at: DateTime<Utc>) -> bool {
    let (from, to) = CALLING_HOURS;
    zones.iter().all(|zone| (from..to).contains(&at.with_timezone(zone).hour()))
}
