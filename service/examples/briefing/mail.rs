//! What customers' mail says besides what it says: signs of what is to be won or lost, and who wrote.

use std::{collections::HashMap, time::Instant};

use comfy_table::Cell;
use entity::id::OpportunitySignalId;
use rust_decimal::Decimal;
use service::{
    Context,
    sales::{
        contact,
        contact_enrichment::{self as enrichment, Conflicts, New, Source},
        opportunity_signal::{self as signal, SignalType, Unactioned},
    },
};

use crate::{
    Failure,
    answers::{Reader, SHOWN},
    print::{
        Paper,
        Side::{Left, Right},
        bad, count, fair, good, plain,
    },
    world::Letter,
};

/// The words in which each sign was seen.
type Words = HashMap<OpportunitySignalId, Vec<String>>;

/// Reads the letters, each when it came: first what is under it, and then what it says.
pub async fn read(
    reader: &Reader<'_>,
    paper: &mut Paper,
    letters: &[Letter],
) -> Result<(), Failure> {
    let (mut words, mut telling, began) = (Words::new(), 0_usize, Instant::now());
    for (nth, letter) in (1..).zip(letters) {
        let context = Context { now: letter.at, ..reader.context.clone() };
        let seen = reader.db.run(context, async |tx| {
            let new = if letter.bare {
                New::asked(letter.contact, Source::Apollo)
            } else {
                New::signed(letter.contact, &letter.text)
            };
            enrichment::enqueue(tx, new).await?;
            enrichment::work_signatures(tx, 10).await?;
            let source = signal::Source::email(&format!("letter-{nth}"), letter.contact);
            signal::detect_in(tx, &source, &letter.text).await
        });
        let seen = seen.await?;
        telling += usize::from(!seen.is_empty());
        words.extend(seen.into_iter().map(|sign| (sign.id, sign.context.words)));
    }
    let took = began.elapsed();
    again(reader, letters, &words).await?;
    signs(reader, paper, &words).await?;
    let what = format!(
        "{} read since Monday: {} in {telling} of them",
        count(letters.len(), "letter"),
        count(words.len(), "sign")
    );
    paper.done(&what, took)?;
    signatures(reader, paper, letters).await
}

/// That whoever reads the letters again sees the same, and that it is not counted again.
async fn again(reader: &Reader<'_>, letters: &[Letter], words: &Words) -> Result<(), Failure> {
    let seen = reader.db.run(reader.context.clone(), async |tx| {
        let mut seen = vec![];
        for (nth, letter) in (1..).zip(letters) {
            let source = signal::Source::email(&format!("letter-{nth}"), letter.contact);
            seen.extend(signal::detect_in(tx, &source, &letter.text).await?);
        }
        Ok(seen)
    });
    let seen = seen.await?;
    if seen.len() == words.len() && seen.iter().all(|sign| words.contains_key(&sign.id)) {
        return Ok(());
    }
    Err(format!("{} signs were seen, and then {}", words.len(), seen.len()).into())
}

async fn signs(reader: &Reader<'_>, paper: &mut Paper, words: &Words) -> Result<(), Failure> {
    let (page, took) =
        reader.ask(async |tx| signal::unactioned(tx, &Unactioned::default()).await).await?;
    let people = reader.contacts(page.items.iter().filter_map(|sign| sign.contact_id)).await?;
    paper.heading("7  What do customers say between the lines?")?;
    let rows = page.items.iter().take(SHOWN).map(|sign| {
        let name = sign.contact_id.and_then(|id| people.get(&id)).map_or("", |it| &it.name);
        let said = words.get(&sign.id).map(Vec::as_slice).unwrap_or_default();
        let said: Vec<_> = said.iter().map(|word| format!("“{word}”")).collect();
        vec![
            plain(name),
            kind(sign.signal_type),
            plain(sign.signal_strength),
            plain(format!("{} h", sign.hours_waiting)),
            plain(said.join(", ")),
        ]
    });
    let columns =
        [("Who", Left), ("Sign of", Left), ("Strength", Right), ("Waits", Right), ("Words", Left)];
    paper.table(&columns, rows.collect())?;
    paper.done("The strongest that nobody has done anything about", took)?;
    Ok(())
}

fn kind(of: SignalType) -> Cell {
    match of {
        SignalType::Complaint => bad("a complaint"),
        SignalType::ChurnRisk => bad("leaving"),
        SignalType::CompetitorMention => bad("a competitor"),
        SignalType::Urgency => fair("haste"),
        SignalType::BudgetMention => good("money"),
        SignalType::Expansion => good("growth"),
        SignalType::Renewal => good("renewal"),
        SignalType::Upsell => good("more to sell"),
        SignalType::Referral => good("a referral"),
    }
}

/// What the contact whom a signature contradicts has from it, and what it may not have.
async fn signatures(
    reader: &Reader<'_>,
    paper: &mut Paper,
    letters: &[Letter],
) -> Result<(), Failure> {
    let ask = Conflicts::default();
    let (page, took) = reader.ask(async |tx| enrichment::conflicts(tx, &ask).await).await?;
    let [conflict] = page.items.as_slice() else {
        return Err(format!("one conflict was to be found, not {}", page.items.len()).into());
    };
    let id = conflict.contact_id;
    let (contact, filled) = reader
        .db
        .read(reader.context.clone(), async |tx| {
            Ok((contact::get(tx, id).await?, contact::provenance(tx, id).await?))
        })
        .await?;
    if contact.phone.map(String::from) != conflict.current_value {
        return Err("a signature has taken the place of what the contact said".into());
    }
    paper.heading("8  What did they write under it?")?;
    let name = reader.contacts([id]).await?.remove(&id).map(|known| known.name);
    let percent = |share: Decimal| format!("{} %", (share * Decimal::ONE_HUNDRED).normalize());
    let row = |field: String, had: &str, says: &str, sure: Decimal, what: Cell| {
        vec![plain(field), plain(had), plain(says), plain(percent(sure)), what]
    };
    let known = filled.iter().map(|it| {
        let (field, says) = (format!("{:?}", it.field), it.value.as_deref().unwrap_or_default());
        row(field, "nothing", says, it.confidence, good("filled"))
    });
    let mut rows: Vec<_> = known.collect();
    let had = conflict.current_value.as_deref().unwrap_or("nothing");
    let field = format!("{:?}", conflict.field);
    rows.push(row(field, had, &conflict.value, conflict.confidence, bad("left to a person")));
    let columns =
        [("Field", Left), ("Had", Left), ("Signature", Left), ("Sure", Right), ("", Left)];
    paper.table(&columns, rows)?;
    paper.done(&format!("{}: what was empty is filled", name.unwrap_or_default()), took)?;
    let (bare, all) = (letters.iter().filter(|letter| letter.bare).count(), letters.len());
    let what = format!("{} read, {bare} to be looked up elsewhere", count(all - bare, "signature"));
    paper.line(&format!("  {what}"))?;
    Ok(())
}
