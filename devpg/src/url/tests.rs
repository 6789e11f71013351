use super::*;

/// The database the address names, the address of database `other`, and that for role `clerk`.
fn taken_apart(text: &str) -> Option<(Option<String>, String, String)> {
    let url = Url::parse(text)?;
    let database = url.database().map(str::to_owned);
    Some((database, url.with(None, "other"), url.with(Some("clerk"), "other")))
}

#[track_caller]
fn check(text: &str, database: Option<&str>, other: &str, as_clerk: &str) {
    let expected = (database.map(str::to_owned), other.to_owned(), as_clerk.to_owned());
    assert_eq!(taken_apart(text), Some(expected), "{text}");
}

#[test]
fn a_full_address_keeps_all_but_the_database_and_the_role() {
    check(
        "postgres://ann:secret@db.example:6432/crm?sslmode=require&application_name=x",
        Some("crm"),
        "postgres://ann:secret@db.example:6432/other?sslmode=require&application_name=x",
        "postgres://clerk:secret@db.example:6432/other?sslmode=require&application_name=x",
    );
}

#[test]
fn the_long_scheme_is_kept() {
    check(
        "postgresql://ann@localhost/crm",
        Some("crm"),
        "postgresql://ann@localhost/other",
        "postgresql://clerk@localhost/other",
    );
}

#[test]
fn an_encoded_password_is_not_decoded_and_encoded_again() {
    check(
        "postgres://a%40b:p%2Fw%3A%40%25@h/crm",
        Some("crm"),
        "postgres://a%40b:p%2Fw%3A%40%25@h/other",
        "postgres://clerk:p%2Fw%3A%40%25@h/other",
    );
}

#[test]
fn a_password_may_hold_colons_and_a_bare_at_sign() {
    check(
        "postgres://ann:a:b@c@h:1/crm",
        Some("crm"),
        "postgres://ann:a:b@c@h:1/other",
        "postgres://clerk:a:b@c@h:1/other",
    );
}

#[test]
fn each_part_may_be_missing() {
    let clerk = "postgres://clerk@h/other";
    check("postgres://h/crm", Some("crm"), "postgres://h/other", clerk);
    check("postgres://h", None, "postgres://h/other", clerk);
    check("postgres://h/", None, "postgres://h/other", clerk);
    check("postgres://@h", None, "postgres://h/other", clerk);
    check("postgres://h?a=b", None, "postgres://h/other?a=b", "postgres://clerk@h/other?a=b");
    check("postgres://h/?", None, "postgres://h/other", clerk);
    check("postgres://", None, "postgres:///other", "postgres://clerk@/other");
    check("postgres://:pw@h", None, "postgres://:pw@h/other", "postgres://clerk:pw@h/other");
    check("postgres://ann:@h", None, "postgres://ann:@h/other", "postgres://clerk:@h/other");
}

#[test]
fn hosts_are_kept_as_written() {
    for hosts in ["[::1]:5432", "a:1,b:2", "%2Fvar%2Frun%2Fpostgresql", "[fe80::1]"] {
        check(
            &format!("postgres://ann@{hosts}/crm"),
            Some("crm"),
            &format!("postgres://ann@{hosts}/other"),
            &format!("postgres://clerk@{hosts}/other"),
        );
    }
}

#[test]
fn options_that_name_the_database_or_the_user_are_taken_for_what_they_are() {
    check(
        "postgres:///ignored?host=/tmp&dbname=crm&user=ann&password=p%26w",
        Some("crm"),
        "postgres://ann@/other?host=/tmp&password=p%26w",
        "postgres://clerk@/other?host=/tmp&password=p%26w",
    );
}

#[test]
fn an_at_sign_or_slash_in_the_query_is_no_login_and_no_path() {
    check(
        "postgres://h?options=a@b/c",
        None,
        "postgres://h/other?options=a@b/c",
        "postgres://clerk@h/other?options=a@b/c",
    );
}

#[test]
fn names_are_decoded_when_read_and_encoded_when_written() {
    let url = Url::parse("postgres://h/caf%C3%A9%20%2F%3F").map(|url| {
        let database = url.database().unwrap_or_default().to_owned();
        (url.with(Some("a@b:c"), &database), database)
    });
    let expected = ("postgres://a%40b%3Ac@h/caf%C3%A9%20%2F%3F".into(), "café /?".into());
    assert_eq!(url, Some(expected));
}

#[test]
fn what_is_no_address_of_postgres_is_refused() {
    for text in ["", "host=localhost dbname=crm", "mysql://h/crm", "sqlite::memory:", "postgres:h"]
    {
        assert_eq!(taken_apart(text), None, "{text}");
    }
    for text in ["postgres://h/%", "postgres://h/%4", "postgres://h/%zz", "postgres://h/%FF"] {
        assert_eq!(taken_apart(text), None, "{text}");
    }
}

#[test]
fn a_server_of_ours_is_reached_without_a_password() {
    let url = Url::local(5433);
    assert_eq!(url.database(), None);
    assert_eq!(url.with(None, "crm"), "postgres://postgres@127.0.0.1:5433/crm");
    assert_eq!(url.with(Some("clerk"), "crm"), "postgres://clerk@127.0.0.1:5433/crm");
}
