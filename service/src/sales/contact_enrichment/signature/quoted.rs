//! What a message repeats of others.

/// The line after which everything is another message, in lower case. Those but the first are ours.
const ORIGINAL: [&str; 14] = [
    "original message",
    "forwarded message",
    "ursprüngliche nachricht",
    "weitergeleitete nachricht",
    "message d'origine",
    "message transféré",
    "mensaje original",
    "oorspronkelijk bericht",
    "doorgestuurd bericht",
    "mensagem original",
    "mensagem encaminhada",
    "messaggio originale",
    "исходное сообщение",
    "原始邮件",
];

/// How the line before a quotation begins and ends: "On 2 March Ada wrote:".
const WROTE: [(&str, &[&str]); 7] = [
    ("on ", &["wrote:"]),
    ("am ", &["schrieb:", "geschrieben:"]),
    ("le ", &["a écrit :", "a écrit:", "a écrit\u{a0}:", "a écrit\u{202f}:"]),
    ("el ", &["escribió:"]),
    ("il ", &["ha scritto:"]),
    ("op ", &["schreef:", "geschreven:"]),
    ("em ", &["escreveu:"]),
];

/// How it begins, and the verb before the name: "Am 2. März schrieb Ada:".
const WROTE_BEFORE: [(&str, &str); 2] = [("am ", " schrieb "), ("op ", " schreef ")];

/// How it ends where it begins with the date or the name itself.
const WROTE_AFTER: [&str; 8] =
    ["написал(а):", "написал:", "написала:", "пишет:", "写道：", "写道:", "寫道：", "寫道:"];

/// How the head of a repeated message begins, and what one of the three lines after it begins with.
const HEADS: [(&str, &[&str]); 8] = [
    ("from:", &["sent:", "date:"]),
    ("von:", &["gesendet:", "datum:"]),
    ("de :", &["envoyé :", "date :"]),
    ("de:", &["enviado", "enviada", "envoyé", "data:", "fecha:"]),
    ("da:", &["inviato:", "data:"]),
    ("van:", &["verzonden:", "datum:"]),
    ("от:", &["отправлено:", "дата:"]),
    ("发件人", &["发送时间", "日期", "时间"]),
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
        let plain = line.chars().take(200).filter(|c| !is_bold(*c)).collect::<String>();
        plain.trim().to_lowercase()
    };
    let first = head(at);
    let bare = first.trim_matches(|c: char| matches!(c, '-' | '=') || c.is_whitespace());
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
    let wrote_before = |(begin, verb): &(&str, &str)| {
        first.starts_with(begin)
            && first.contains(verb)
            && (at..at + 3).any(|at| head(at).ends_with(':'))
    };
    // An address that begins or ends a line belongs to the name in the line before.
    let said = |at: usize| lines.get(at).is_some_and(|line| says_who_wrote(line));
    let goes_on = || {
        let next = head(at + 1);
        !first.is_empty() && (first.ends_with('<') || next.starts_with('<')) && said(at + 1)
    };
    let repeated = |(begin, next): &(&str, &[&str])| {
        first.starts_with(begin)
            && (at + 1..at + 4).any(|at| {
                let line = head(at);
                next.iter().any(|next| line.starts_with(next))
            })
    };
    WROTE.iter().any(wrote)
        || WROTE_BEFORE.iter().any(wrote_before)
        || HEADS.iter().any(repeated)
        || said(at)
        || (!first.starts_with('>') && goes_on())
}

/// How mail of letters and tables stresses a word when it is made plain.
fn is_bold(c: char) -> bool {
    matches!(c, '*' | '_')
}

/// Whether a line ends as one does before a quotation, in whatever language: with an address, at most
/// two words and a colon ("Sam <sam@acme.example> wrote:"), or with a date or an address and a verb
/// that stands in no other place.
fn says_who_wrote(line: &str) -> bool {
    let line = line.trim_matches(|c: char| is_bold(c) || c.is_whitespace());
    if line.starts_with('>') || !line.ends_with([':', '：']) {
        return false;
    }
    let addressed = line.rsplit_once('>').is_some_and(|(before, after)| {
        before.contains('@') && after.split_whitespace().take(3).count() <= 2
    });
    let verb = || WROTE_AFTER.iter().any(|verb| line.ends_with(verb));
    addressed || (verb() && line.contains(|c: char| c == '@' || c.is_ascii_digit()))
}
