//! Postgres's wording of an expression or a definition, turned into ours.

/// Lower case and on one line, with `in (…)` for what Postgres words as `= any (array[…])`.
/// What is quoted stays as it is.
pub(crate) fn plain(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut quote = None;
    for c in sql.trim().chars() {
        match quote {
            Some(open) => {
                text.push(c);
                if c == open {
                    quote = None; // a doubled quote closes and opens again
                }
            }
            None if c.is_whitespace() => {
                if !text.ends_with([' ', '(']) {
                    text.push(' ');
                }
            }
            None => {
                text.push(c.to_ascii_lowercase());
                quote = (c == '\'' || c == '"').then_some(c);
            }
        }
    }
    lists(&lists(&text, " = any (array[", " in ("), " <> all (array[", " not in (")
}

/// Only lists of `text` or `varchar` literals: those mean the same after Postgres has read them
/// again. Lists of `varchar` would even get another wording each time, for their casts.
fn lists(sql: &str, theirs: &str, ours: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once(theirs) {
        text.push_str(before);
        // An odd number of quotes: we stand within a literal.
        let within = !text.matches('\'').count().is_multiple_of(2);
        let Some(list) = literals(after).filter(|_| !within) else {
            text.push_str(theirs);
            rest = after;
            continue;
        };
        if list.varchar && text.ends_with("::text") {
            text.truncate(text.len() - "::text".len());
        }
        text.push_str(ours);
        text.push_str(&list.literals.join(", "));
        text.push(')');
        rest = list.rest;
    }
    text + rest
}

struct List<'a> {
    literals: Vec<&'a str>,
    /// What is compared with it carries a cast that Postgres added.
    varchar: bool,
    rest: &'a str,
}

/// The literals of `'a'::text, 'b'::text])`, and what follows them.
fn literals(sql: &str) -> Option<List<'_>> {
    let cast = &sql[1 + closing(sql)?..];
    let (cast, end) = [
        ("::text", "])"),
        ("::character varying::text", "])"),
        ("::character varying", "]::text[])"),
    ]
    .into_iter()
    .find(|(it, end)| {
        cast.strip_prefix(it).is_some_and(|after| after.starts_with(", ") || after.starts_with(end))
    })?;
    let (mut literals, mut rest) = (Vec::new(), sql);
    loop {
        let (literal, after) = rest.split_at(1 + closing(rest)?);
        literals.push(literal);
        rest = after.strip_prefix(cast)?;
        if let Some(rest) = rest.strip_prefix(end) {
            let varchar = cast != "::text";
            return (literals.len() > 1).then_some(List { literals, varchar, rest });
        }
        rest = rest.strip_prefix(", ")?;
    }
}

/// Where the literal that `sql` begins with ends.
fn closing(sql: &str) -> Option<usize> {
    let mut at = sql.starts_with('\'').then_some(1)?;
    loop {
        at += sql[at..].find('\'')?;
        if !sql[at + 1..].starts_with('\'') {
            return Some(at);
        }
        at += 2; // a doubled quote
    }
}

/// A type by its short name.
pub(crate) fn kind(sql: &str) -> String {
    for (theirs, ours) in
        [("character varying", "varchar"), ("timestamp with time zone", "timestamptz")]
    {
        if let Some(rest) = sql.strip_prefix(theirs) {
            return format!("{ours}{rest}");
        }
    }
    sql.to_owned()
}

/// A default without a cast to the type that its column has anyway.
pub(crate) fn default(expression: &str, kind: &str) -> String {
    let expression = plain(expression);
    let kind = kind.split_once(" collate ").map_or(kind, |(kind, _)| kind);
    let kind = match kind.split_once('(') {
        Some((name, rest)) => [name, rest.split_once(')').map_or("", |(_, array)| array)].concat(),
        None => kind.to_owned(),
    };
    match expression.strip_suffix(&format!("::{kind}")) {
        Some(literal) if closing(literal).is_some_and(|at| at + 1 == literal.len()) => {
            literal.to_owned()
        }
        _ => expression,
    }
}

/// A foreign key with a space between the table and its columns.
pub(crate) fn constraint(definition: &str) -> String {
    let definition = plain(definition);
    match definition.split_once(" references ") {
        Some((key, parent)) if definition.starts_with("foreign key") && !parent.contains('"') => {
            format!("{key} references {}", parent.replacen('(', " (", 1))
        }
        _ => definition,
    }
}

#[cfg(test)]
mod tests {
    use super::{constraint, default, kind, plain};

    #[test]
    fn keywords_are_lower_case_and_what_is_quoted_stays() {
        assert_eq!(
            plain("CHECK (a >\n    'It''S' OR \"B\" IS NULL)"),
            "check (a > 'It''S' or \"B\" is null)"
        );
    }

    #[test]
    fn lists_are_words_of_ours_where_that_means_the_same() {
        assert_eq!(
            plain(
                "CHECK (a = ANY (ARRAY['X'::text, 'y'::text]) AND b <> ALL (ARRAY['z'::text, ''::text]))"
            ),
            "check (a in ('X', 'y') and b not in ('z', ''))"
        );
        for same in [
            "a = any (array[1, 2])",
            "a = any (array['x'::text])",
            "b = ' = any (array[''x''::text'",
        ] {
            assert_eq!(plain(same), same);
        }
    }

    #[test]
    fn lists_of_varchar_lose_the_casts_that_postgres_added() {
        for theirs in [
            "(k::text = any (array['a'::character varying, 'b'::character varying]::text[]))",
            "(k::text = any (array['a'::character varying::text, 'b'::character varying::text]))",
        ] {
            assert_eq!(plain(theirs), "(k in ('a', 'b'))");
        }
    }

    #[test]
    fn a_default_says_its_type_only_if_that_is_another() {
        assert_eq!(default("'a'::character varying", "character varying(12)"), "'a'");
        assert_eq!(default("'{}'::text[]", "text[]"), "'{}'");
        assert_eq!(default("'It''s'::text", "text collate \"C\""), "'It''s'");
        assert_eq!(default("'a'::text", "character varying"), "'a'::text");
        assert_eq!(default("'a' || 'b'::text", "text"), "'a' || 'b'::text");
        assert_eq!(kind("character varying(12)"), "varchar(12)");
    }

    #[test]
    fn a_reference_has_a_space() {
        assert_eq!(
            constraint("FOREIGN KEY (a) REFERENCES p(b) ON DELETE CASCADE"),
            "foreign key (a) references p (b) on delete cascade"
        );
    }
}
