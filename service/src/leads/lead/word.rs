//! The words that leads are found by.

use std::collections::BTreeSet;

use entity::{
    id::LeadId,
    leads::lead_word::{ActiveModel, Column, Entity},
};
use sea_orm::{ColumnTrait, QueryFilter, Set};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::Model;
use crate::{Result, Tx};

/// How long a word may be, in characters; what is longer is found by its beginning.
pub(super) const LONGEST: usize = 64;
/// How many words of a lead are kept: its names come first, its notes last.
const MOST: usize = 100;

/// A text as it is compared in a search: in lower case, without accents, in words of letters and
/// digits.
pub fn fold(text: &str) -> impl Iterator<Item = String> {
    let plain: String =
        text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let plain = plain.replace('ß', "ss");
    let words: Vec<_> = plain
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(LONGEST).collect())
        .collect();
    words.into_iter()
}

fn words(lead: &Model) -> BTreeSet<String> {
    let email = lead.email.as_ref().map_or("", |email| email.as_str());
    let texts = [lead.first_name.as_str(), &lead.last_name, email];
    let more = [lead.city.as_deref(), lead.notes.as_deref()];
    let tags = lead.tags.iter().map(String::as_str);
    let all = texts.into_iter().chain(tags).chain(more.into_iter().flatten()).flat_map(fold);
    let mut kept = BTreeSet::new();
    for word in all {
        if kept.len() == MOST {
            break;
        }
        kept.insert(word);
    }
    kept
}

/// Writes down the words of leads that have none yet.
pub(super) async fn add(tx: &Tx, leads: &[Model]) -> Result<()> {
    let rows = leads.iter().flat_map(|lead| {
        words(lead).into_iter().map(|word| ActiveModel {
            tenant_id: Set(lead.tenant_id),
            lead_id: Set(lead.id),
            word: Set(word),
        })
    });
    tx.insert_many(rows.collect()).await
}

/// Writes the words of a lead anew.
pub(crate) async fn index(tx: &Tx, lead: &Model) -> Result<()> {
    forget(tx, lead.id).await?;
    add(tx, std::slice::from_ref(lead)).await
}

async fn forget(tx: &Tx, lead: LeadId) -> Result<()> {
    tx.delete_many::<Entity>().filter(Column::LeadId.eq(lead)).exec(tx).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_punctuation_do_not_matter() {
        let folded = |text| fold(text).collect::<Vec<_>>();
        assert_eq!(folded("Zoë  Müller-Lüdenscheidt"), ["zoe", "muller", "ludenscheidt"]);
        assert_eq!(folded("Straße 5, Ｔｏｋｙｏ"), ["strasse", "5", "tokyo"]);
        assert_eq!(folded("ada@acme.example"), ["ada", "acme", "example"]);
        assert_eq!(folded(" … "), [""; 0]);
    }
}
