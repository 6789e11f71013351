//! Chance that comes out the same every time: splitmix64.

use chrono::{DateTime, TimeDelta, Utc};

/// A row of throws that its seed decides.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to but not including `n`.
    pub fn below(&mut self, n: u32) -> u32 {
        u32::try_from(((self.throw() >> 32) * u64::from(n)) >> 32).unwrap_or(0)
    }

    /// The same, small numbers more often than large ones.
    pub fn low(&mut self, n: u32) -> u32 {
        self.below(n).min(self.below(n))
    }

    /// Whether something happens that does so in so many of a hundred cases.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let at = self.below(u32::try_from(from.len()).unwrap_or(u32::MAX));
        &from[at as usize]
    }

    /// A place in a list of weights.
    pub fn weigh(&mut self, weights: &[u32]) -> usize {
        let mut left = self.below(weights.iter().sum());
        let is_past = |weight: &&u32| {
            let past = left >= **weight;
            left = left.saturating_sub(**weight);
            past
        };
        weights.iter().take_while(is_past).count()
    }

    /// Less than so many days, to the minute.
    pub fn within(&mut self, days: u32) -> TimeDelta {
        TimeDelta::minutes(self.below(days * 24 * 60).into())
    }

    /// A time from `from` days before `now` up to `to` days before it, to the minute.
    pub fn ago(&mut self, now: DateTime<Utc>, from: u32, to: u32) -> DateTime<Utc> {
        now - TimeDelta::days(to.into()) - self.within(from - to)
    }
}
