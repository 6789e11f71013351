//! Bytes as text, whatever wrote them.

use std::borrow::Cow;

use crate::{Error, Result};

/// What Windows put where Latin-1 has nothing; the five that it left empty are no text.
const WINDOWS: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž',
    '\u{fffd}', '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}',
    'ž', 'Ÿ',
];

/// The text, with every line ended by a line feed and no mark of order before it: UTF-8, or UTF-16
/// if a mark says so, or else what Windows writes in the west.
pub(super) fn decode(content: &[u8]) -> Result<Cow<'_, str>> {
    let text = match content {
        [0xff, 0xfe, rest @ ..] => Cow::from(wide(rest, u16::from_le_bytes)?),
        [0xfe, 0xff, rest @ ..] => Cow::from(wide(rest, u16::from_be_bytes)?),
        [0xef, 0xbb, 0xbf, rest @ ..] => narrow(rest),
        _ => narrow(content),
    };
    Ok(if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n").into()
    } else {
        text
    })
}

fn wide(content: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String> {
    let (pairs, []) = content.as_chunks::<2>() else {
        return Err(Error::invalid("file", "ends in the middle of a character"));
    };
    char::decode_utf16(pairs.iter().copied().map(unit))
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| Error::invalid("file", "says it is UTF-16 and is not"))
}

fn narrow(content: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(content) {
        Ok(text) => text.into(),
        Err(_) => content.iter().copied().map(windows).collect::<String>().into(),
    }
}

fn windows(byte: u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS.get(usize::from(byte - 0x80)).copied().unwrap_or('\u{fffd}'),
        _ => char::from(byte),
    }
}

/// On which line a place of the text is, given one before it and the line of that.
pub(super) fn line_at(text: &str, at: usize, (before, line): (usize, u32)) -> u32 {
    let between = text.as_bytes().get(before..at).unwrap_or_default();
    let ends = between.split(|byte| *byte == b'\n').count() - 1;
    line.saturating_add(u32::try_from(ends).unwrap_or(u32::MAX))
}
