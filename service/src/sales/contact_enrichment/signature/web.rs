//! The addresses of a signature.

use entity::email::Email;

/// Whose pages are nobody's own site.
const SOCIAL: [&str; 14] = [
    "linkedin.com",
    "twitter.com",
    "x.com",
    "facebook.com",
    "fb.com",
    "instagram.com",
    "youtube.com",
    "youtu.be",
    "tiktok.com",
    "xing.com",
    "t.me",
    "wa.me",
    "pinterest.com",
    "threads.net",
];

/// Words that stand before a site's bare name.
const SITE: [&str; 6] = ["web:", "website:", "site:", "url:", "homepage:", "internet:"];

fn words<'a>(lines: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    let ends =
        |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '|' | '"' | '[' | ']' | '(' | ')');
    lines.iter().flat_map(move |line| line.split(ends)).filter(|word| !word.is_empty())
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| matches!(c, ',' | ';' | ':' | '.' | '!' | '\'' | '*'))
}

/// The first address.
pub(super) fn email(lines: &[&str]) -> Option<Email> {
    words(lines).filter(|word| word.contains('@')).find_map(|word| {
        let word = bare(word);
        let address = word.rsplit_once(':').map_or(word, |(_, address)| address);
        Email::parse(address).ok()
    })
}

/// What stands after one of a site's paths, up to where no name goes on.
fn after_path<'a>(word: &'a str, path: &str) -> Option<&'a str> {
    let at = word.to_ascii_lowercase().find(path)?;
    // The host is this one and none that ends alike.
    let before = word.get(..at)?.chars().next_back();
    if before.is_some_and(|c| c.is_alphanumeric() || c == '-') {
        return None;
    }
    let rest = word.get(at + path.len()..)?;
    let name = rest.split(['/', '?', '#', '&', ',', ';', '\'', '\\']).next()?;
    Some(name.trim_end_matches(['.', ':', '!', '*']))
}

/// The profile.
pub(super) fn linkedin(lines: &[&str]) -> Option<String> {
    words(lines).find_map(|word| {
        let name =
            ["linkedin.com/in/", "linkedin.com/pub/"].iter().find_map(|p| after_path(word, p))?;
        let is_name = (1..=100).contains(&name.chars().count())
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '%' | '.'));
        is_name.then(|| format!("https://www.linkedin.com/in/{name}"))
    })
}

fn is_handle(name: &str) -> bool {
    const NOBODY: [&str; 6] = ["intent", "share", "home", "search", "i", "hashtag"];
    (1..=15).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !NOBODY.contains(&name.to_ascii_lowercase().as_str())
}

/// The handle: of an address there, or a word that begins with `@`.
pub(super) fn twitter(lines: &[&str]) -> Option<String> {
    words(lines).find_map(|word| {
        let name = ["twitter.com/", "x.com/"].iter().find_map(|path| after_path(word, path));
        let name = name.or_else(|| bare(word).strip_prefix('@'))?;
        let name = name.strip_prefix('@').unwrap_or(name);
        is_handle(name).then(|| name.to_owned())
    })
}

/// The first site that is no social network's.
pub(super) fn website(lines: &[&str]) -> Option<String> {
    let labelled = |line: &&str| {
        let lower = line.to_ascii_lowercase();
        let label = SITE.iter().find(|label| lower.starts_with(**label))?;
        bare(line.get(label.len()..)?.split_whitespace().next()?).to_owned().into()
    };
    let written = |word: &str| {
        let word = bare(word);
        let lower = word.to_ascii_lowercase();
        ["http://", "https://", "www."]
            .iter()
            .any(|p| lower.starts_with(p))
            .then(|| word.to_owned())
    };
    let written = words(lines).filter_map(written);
    lines.iter().filter_map(labelled).chain(written).find(|site: &String| is_own_site(site))
}

fn is_own_site(site: &str) -> bool {
    let lower = site.to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or(lower.strip_prefix("http://")).unwrap_or(&lower);
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let Some((name, top)) = host.rsplit_once('.') else { return false };
    let known = name
        .split('.')
        .all(|part| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '-'));
    let is_top = top.chars().count() >= 2 && top.chars().all(char::is_alphabetic);
    let social =
        |of: &str| host == of || host.strip_suffix(of).is_some_and(|sub| sub.ends_with('.'));
    known && is_top && site.chars().count() <= 500 && !SOCIAL.iter().any(|of| social(of))
}
