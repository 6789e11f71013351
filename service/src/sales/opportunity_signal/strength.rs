//! How strong a sign is: the numbers of the database's `calculate_signal_strength`, which a test
//! holds these to.

use rust_decimal::Decimal;
use sea_orm::{ActiveEnum, JsonValue};

use super::{Context, SignalType};

/// From what strength on a sign has priority (seed 002: at least).
pub const HIGH: Decimal = Decimal::from_parts(70, 0, 0, false, 2);

/// So many words of a type are not enough to make it stronger.
const FEW_WORDS: i32 = 2;

/// Whether a sign has priority.
#[must_use]
pub fn is_high(strength: Decimal) -> bool {
    strength >= HIGH
}

/// How strong a sign is, 0 to 1: as its type says, 0.10 more for more than two words, 0.05 more for
/// somebody who decides, and no more than 1.
#[must_use]
pub fn strength(signal_type: SignalType, context: &Context) -> Decimal {
    let base = match signal_type {
        SignalType::Complaint => 80,
        SignalType::Urgency | SignalType::Renewal => 90,
        SignalType::BudgetMention | SignalType::Upsell => 85,
        SignalType::CompetitorMention => 75,
        SignalType::Expansion | SignalType::Referral | SignalType::ChurnRisk => 95,
    };
    adjusted(base, context)
}

/// The same of a type that need not be one of ours, which counts 0.50, and of a context of any form:
/// the twin of the database's function.
#[must_use]
pub fn strength_of(signal_type: Option<&str>, context: Option<&JsonValue>) -> Decimal {
    let context = context.map(context_of).unwrap_or_default();
    let known = signal_type.and_then(|name| SignalType::try_from_value(&name.to_owned()).ok());
    match known {
        Some(signal_type) => strength(signal_type, &context),
        None => adjusted(50, &context),
    }
}

/// Capped once: since nothing is taken off, the seed's cap after each step comes to the same.
fn adjusted(base: i64, context: &Context) -> Decimal {
    let words = if context.keyword_count.is_some_and(|count| count > FEW_WORDS) { 10 } else { 0 };
    let decides = if context.is_decision_maker == Some(true) { 5 } else { 0 };
    Decimal::new((base + words + decides).min(100), 2)
}

/// What a context of any form says of the count and of who decides. A count that is no number, and is
/// not written as a whole one, is none; true is what Postgres reads as true.
#[must_use]
pub fn context_of(context: &JsonValue) -> Context {
    let whole = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let is_whole =
            (1..=18).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let count = text.parse::<i64>().ok().filter(|_| is_whole)?;
        Some(i32::try_from(count).unwrap_or(if count < 0 { i32::MIN } else { i32::MAX }))
    };
    let keyword_count = match context.get("keyword_count") {
        // More than two is all that is asked; 2.5 is.
        Some(JsonValue::Number(number)) => number
            .as_f64()
            .map(|count| if count > f64::from(FEW_WORDS) { FEW_WORDS + 1 } else { 0 }),
        Some(JsonValue::String(text)) => whole(text),
        _ => None,
    };
    let is_true = |text: &str| {
        ["true", "t", "yes", "y", "on", "1"].contains(&text.to_ascii_lowercase().as_str())
    };
    let is_decision_maker = match context.get("is_decision_maker") {
        Some(JsonValue::Bool(decides)) => Some(*decides),
        Some(JsonValue::String(text)) => Some(is_true(text)),
        Some(JsonValue::Number(number)) => Some(is_true(&number.to_string())),
        _ => None,
    };
    Context { keyword_count, is_decision_maker, ..Context::default() }
}
