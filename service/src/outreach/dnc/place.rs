//! Which rules may hold where somebody is, of whom we know the state, the zone, or only the number.

use chrono::{DateTime, Offset, TimeZone, Utc};
use chrono_tz::{
    America::{
        Adak, Anchorage, Boise, Chicago, Denver, Detroit, Indiana::Indianapolis,
        Kentucky::Louisville, Los_Angeles, New_York, Phoenix, Puerto_Rico,
    },
    Pacific::Honolulu,
    Tz,
};
use entity::phone::Phone;

use super::{
    rules::{ELSEWHERE, RULES, Rule, rule_of},
    window::zones_of,
};

/// A state by its code and its name, and the zones in which people there are.
type State = (&'static str, &'static str, &'static [Tz]);

const STATES: &[State] = &[
    ("US-AL", "alabama", &[Chicago]),
    ("US-AK", "alaska", &[Anchorage, Adak]),
    ("US-AZ", "arizona", &[Phoenix, Denver]),
    ("US-AR", "arkansas", &[Chicago]),
    ("US-CA", "california", &[Los_Angeles]),
    ("US-CO", "colorado", &[Denver]),
    ("US-CT", "connecticut", &[New_York]),
    ("US-DE", "delaware", &[New_York]),
    ("US-DC", "district of columbia", &[New_York]),
    ("US-FL", "florida", &[New_York, Chicago]),
    ("US-GA", "georgia", &[New_York]),
    ("US-HI", "hawaii", &[Honolulu]),
    ("US-ID", "idaho", &[Boise, Los_Angeles]),
    ("US-IL", "illinois", &[Chicago]),
    ("US-IN", "indiana", &[Indianapolis, Chicago]),
    ("US-IA", "iowa", &[Chicago]),
    ("US-KS", "kansas", &[Chicago, Denver]),
    ("US-KY", "kentucky", &[Louisville, Chicago]),
    ("US-LA", "louisiana", &[Chicago]),
    ("US-ME", "maine", &[New_York]),
    ("US-MD", "maryland", &[New_York]),
    ("US-MA", "massachusetts", &[New_York]),
    ("US-MI", "michigan", &[Detroit, Chicago]),
    ("US-MN", "minnesota", &[Chicago]),
    ("US-MS", "mississippi", &[Chicago]),
    ("US-MO", "missouri", &[Chicago]),
    ("US-MT", "montana", &[Denver]),
    ("US-NE", "nebraska", &[Chicago, Denver]),
    ("US-NV", "nevada", &[Los_Angeles, Denver]),
    ("US-NH", "new hampshire", &[New_York]),
    ("US-NJ", "new jersey", &[New_York]),
    ("US-NM", "new mexico", &[Denver]),
    ("US-NY", "new york", &[New_York]),
    ("US-NC", "north carolina", &[New_York]),
    ("US-ND", "north dakota", &[Chicago, Denver]),
    ("US-OH", "ohio", &[New_York]),
    ("US-OK", "oklahoma", &[Chicago]),
    ("US-OR", "oregon", &[Los_Angeles, Boise]),
    ("US-PA", "pennsylvania", &[New_York]),
    ("US-PR", "puerto rico", &[Puerto_Rico]),
    ("US-RI", "rhode island", &[New_York]),
    ("US-SC", "south carolina", &[New_York]),
    ("US-SD", "south dakota", &[Chicago, Denver]),
    ("US-TN", "tennessee", &[New_York, Chicago]),
    ("US-TX", "texas", &[Chicago, Denver]),
    ("US-UT", "utah", &[Denver]),
    ("US-VT", "vermont", &[New_York]),
    ("US-VA", "virginia", &[New_York]),
    ("US-WA", "washington", &[Los_Angeles]),
    ("US-WV", "west virginia", &[New_York]),
    ("US-WI", "wisconsin", &[Chicago]),
    ("US-WY", "wyoming", &[Denver]),
];

/// The state that somebody wrote down: its name, its letters, with or without the country.
fn state(text: &str) -> Option<&'static State> {
    let text = text.trim().to_lowercase();
    let letters = text.strip_prefix("us-").unwrap_or(&text);
    STATES.iter().find(|(code, name, _)| {
        *name == text || code.get(3..).is_some_and(|code| code.eq_ignore_ascii_case(letters))
    })
}

/// What is known of where somebody is.
#[derive(Clone, Debug)]
pub(super) struct Whereabouts {
    zone: Option<Tz>,
    state: Option<&'static State>,
    region: String,
    zones: Vec<Tz>,
}

/// A rule that holds, or may, and the zones in which the called party may be if it does.
pub(super) struct Held {
    pub rule: &'static Rule,
    pub zones: Vec<Tz>,
}

/// Whether the federal rules hold where numbers of a region are: the states' and the territories'.
fn american(region: &str) -> bool {
    matches!(region, "US" | "PR" | "VI" | "GU" | "AS" | "MP")
}

impl Whereabouts {
    /// `state` in their words or ours; one that nobody knows is as good as none.
    pub(super) fn new(phone: &Phone, zone: Option<Tz>, state: Option<&str>) -> Self {
        let state = state.and_then(self::state);
        let region = phone.region().unwrap_or_default();
        let of_number = zones_of(phone);
        let zones = match (zone, state) {
            (Some(zone), _) => vec![zone],
            (None, Some((_, _, zones))) if american(&region) => zones.to_vec(),
            // `WA` may be in Australia: where the number is from counts as well.
            (None, Some(_)) if of_number.is_empty() => vec![],
            (None, Some((_, _, zones))) => [zones, of_number].concat(),
            (None, None) => of_number.to_vec(),
        };
        Self { zone, state, region, zones }
    }

    /// The code of the state, or of the number's country; `None`: of no place that we have rules for.
    pub(super) fn place(&self) -> Option<&'static str> {
        self.state.map(|(code, ..)| *code).or(self.is_american().then_some("US"))
    }

    /// The country whose list of those who are not to be called counts.
    pub(super) fn country(&self) -> &str {
        if self.is_american() { "US" } else { &self.region }
    }

    fn is_american(&self) -> bool {
        american(&self.region) || self.state.is_some()
    }

    /// Where they may be, at this time; nowhere if that is anybody's guess.
    pub(super) fn zones(&self) -> &[Tz] {
        &self.zones
    }

    /// Whether the list of a state may be about them.
    pub(super) fn may_be_in(&self, place: &str) -> bool {
        match self.state {
            Some((code, ..)) => *code == place,
            None => place.split('-').next() == Some(self.country()),
        }
    }

    /// The rules of the country, and for those who sell of the state; of all states in which the
    /// clocks may show what theirs does, if nobody knows the state.
    pub(super) fn rules(&self, sells: bool, at: DateTime<Utc>) -> Vec<Held> {
        let on = |place, zones: &[Tz]| {
            let day =
                zones.first().map_or(at.date_naive(), |zone| at.with_timezone(zone).date_naive());
            rule_of(place, day)
        };
        if !self.is_american() {
            return vec![Held { rule: &ELSEWHERE, zones: self.zones.clone() }];
        }
        let mut held = vec![];
        if let Some(rule) = on("US", &self.zones) {
            held.push(Held { rule, zones: self.zones.clone() });
        }
        if !sells {
            return held;
        }
        for (code, _, zones) in STATES {
            let zones = match (self.state, self.zone) {
                (Some((own, ..)), _) if own != code => continue,
                (Some(_), _) => self.zones.clone(),
                (None, Some(zone)) if zones.iter().any(|of| shows_alike(*of, zone, at)) => {
                    vec![zone]
                }
                (None, Some(_)) => continue,
                (None, None) => zones.to_vec(),
            };
            // Most states have no rule of their own.
            if RULES.iter().any(|rule| rule.place == *code)
                && let Some(rule) = on(code, &zones)
            {
                held.push(Held { rule, zones });
            }
        }
        held
    }
}

/// Whether the clocks of two zones show the same at an instant.
fn shows_alike(one: Tz, other: Tz, at: DateTime<Utc>) -> bool {
    let east = |zone: Tz| zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    east(one) == east(other)
}
