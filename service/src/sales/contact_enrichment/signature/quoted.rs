//! What a message repeats of others.

/// The line after which everything is another message, in lower case. Those but the first are ours.
const ORIGINAL: [&str; 7] = [
    "original message",
    "forwarded message",
    "ursprüngliche nachricht",
    "weitergeleitete nachricht",
    "message d'origine",
    "message transféré",
    "mensaje original",
];

/// How the line before a quotation begins and ends: "On 2 March Ada wrote:".
const WROTE: [(&str, &[&str]); 5] = [
    ("on ", &["wrote:"]),
    ("am ", &["schrieb:", "geschrieben:"]),
    ("le ", &["a écrit :", "a écrit:", "a écrit\u{a0}:", "a écrit\u{202f}:"]),
    ("el ", &["escribió:"]),
    ("il ", &["ha scritto:"]),
];

/// How the head of a repeated message begins, and what one of the three lines after it begins with.
const HEADS: [(&str, [&str; 2]); 4] = [
    ("from:", ["sent:", "date:"]),
    ("von:", ["gesendet:", "datum:"]),
    ("de :", ["envoyé :", "date :"]),
    ("de:", ["enviado", "envoyé"]),
];

/// The text without quoted lines and whatever follows the head of a repeated message. No control
/// characters are left but line ends and tabs.
pub(super) fn unquoted(text: &str) -> String {
    let clean = |line: &str| -> String {
        line.chars().filter(|c| !c.is_control() || *c == '\t').collect::<String>()
    };
    let lines: Vec<String> = text.split('\n').map(clean).collect();
    let mut own = String::new();
    for (at, line) in lines.iter().enumerate() {
        let line = line.trim_end();
        if begins_another(&lines, at) {
            break;
        }
        if !line.trim_start().starts_with('>') {
            own.push_str(line);
            own.push('\n');
        }
    }
    own.truncate(own.trim_end().len());
    own
}

fn begins_another(lines: &[String], at: usize) -> bool {
    let head = |at: usize| -> String {
        let line = lines.get(at).map_or("", |line| line.trim());
        // What is compared is short, and a line may be long.
        line.chars().take(200).collect::<String>().to_lowercase()
    };
    let first = head(at);
    let bare =
        first.trim_matches(|c: char| matches!(c, '-' | '_' | '=' | '*') || c.is_whitespace());
    if first.starts_with("--") && ORIGINAL.contains(&bare) {
        return true;
    }
    // A long date and address break the line.
    let wrote = |(begin, ends): &(&str, &[&str])| {
        first.starts_with(begin)
            && (at..at + 3).any(|at| {
                let line = head(at);
                ends.iter().any(|end| line.ends_with(end))
            })
    };
    // "Am 2. März schrieb Ada:" has its verb before the name.
    let schrieb = first.starts_with("am ") && first.contains(" schrieb ") && first.ends_with(':');
    let repeated = |(begin, next): &(&str, [&str; 2])| {
        first.starts_with(begin)
            && (at + 1..at + 4).any(|at| {
                let line = head(at);
                next.iter().any(|next| line.starts_with(next))
            })
    };
    schrieb || WROTE.iter().any(wrote) || HEADS.iter().any(repeated)
}
