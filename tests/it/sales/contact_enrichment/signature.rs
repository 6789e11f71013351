//! Signatures, as people write them.

use proptest::prelude::*;
use service::sales::contact_enrichment::signature::{Role, Signature, own, parse};

fn read(text: &str) -> Signature {
    parse(text, "US")
}

#[test]
fn a_signature_says_who_wrote_what_they_are_where_and_how_to_reach_them() {
    let found = read(
        "Thanks for the call, and tell Bob that 555-0000 is wrong.\n\nKind regards,\n\nAda Byron\n\
         VP, Engineering\nAnalytical Engines, Inc.\nOffice: +1 (212) 555-1001 ext. 12\n\
         Cell: 646.555.1002\nADA@acme.example | https://www.acme.example/about\n\
         linkedin.com/in/ada-byron-42/ | https://twitter.com/ada_byron\n",
    );
    assert_eq!(found.name.as_deref(), Some("Ada Byron"));
    assert_eq!(found.title.as_deref(), Some("VP, Engineering"));
    assert_eq!(found.role, Some(Role::DecisionMaker));
    assert_eq!(found.company.as_deref(), Some("Analytical Engines, Inc."));
    assert_eq!(found.phone.unwrap().as_str(), "+12125551001");
    assert_eq!(found.mobile.unwrap().as_str(), "+16465551002");
    assert_eq!(found.email.unwrap().as_str(), "ada@acme.example");
    assert_eq!(found.linkedin_url.as_deref(), Some("https://www.linkedin.com/in/ada-byron-42"));
    assert_eq!(found.twitter.as_deref(), Some("ada_byron"));
    assert_eq!(found.website.as_deref(), Some("https://www.acme.example/about"));
}

#[test]
fn names_of_every_script_and_closings_of_many_languages_are_read() {
    for (text, name) in [
        (
            "Hallo!\n\nMit freundlichen Grüßen\nJürgen von der Heide\nGeschäftsführer",
            "Jürgen von der Heide",
        ),
        ("Bonjour,\n\nCordialement,\nFrançois L’Écuyer\nDirecteur commercial", "François L’Écuyer"),
        ("Hola\n\nUn cordial saludo\nMaría José Núñez", "María José Núñez"),
        ("Здравствуйте!\n\nС уважением,\nАнна Каренина\nДиректор", "Анна Каренина"),
        ("你好\n\n此致\n王小明\n总经理", "王小明"),
        ("お世話\n\nよろしくお願いいたします。\n山田 太郎", "山田 太郎"),
        ("مرحبا\n\nمع أطيب التحيات،\nمحمد الأمين", "محمد الأمين"),
        ("Hi\n\n-- \nअदिति शर्मा\nManager", "अदिति शर्मा"),
        ("Hi\n\nCheers, Seán Ó Briain", "Seán Ó Briain"),
        ("Hi\n\nTHANKS AND REGARDS,\nJ. R. Smith-Jones", "J. R. Smith-Jones"),
    ] {
        assert_eq!(read(text).name.as_deref(), Some(name), "{text}");
    }
}

#[test]
fn what_begins_the_signature_is_the_last_that_can() {
    // "Thanks" in the text is none, and a closing without anything after it neither.
    let found = read("Thanks\n\nfor all.\n\nRegards\nAda Byron\nCEO\n\nThanks\n");
    assert_eq!((found.name.as_deref(), found.title.as_deref()), (Some("Ada Byron"), Some("CEO")));
    let found = read("Regards,\nAda Byron\n______\nAcme GmbH\n+1 212 555 1001");
    assert_eq!(found.name.as_deref(), Some("Ada Byron"));
    assert_eq!(found.company.as_deref(), Some("Acme GmbH"));
    // Three line ends in a row.
    let found = read("Our old number was 212 555 1001.\n\n\nAda Byron\n646 555 1002");
    assert_eq!(found.phone.unwrap().as_str(), "+16465551002");
    // Nothing says where it begins: the last 500 characters.
    let (near, far) = (format!("212 555 1001{}", "x ".repeat(244)), "x ".repeat(245));
    assert!(read(&near).phone.is_some());
    assert_eq!(read(&format!("212 555 1001{far}")).phone, None);
}

#[test]
fn what_was_quoted_says_nothing_about_who_quotes_it() {
    let mine = "Fine with me.\n\nBest,\nAda Byron\n";
    let theirs = "Sam Other\nCEO\nTel: 212 555 9999\nsam@other.example\n";
    let quoted = format!("> {}", theirs.trim_end().replace('\n', "\n> "));
    for reply in [
        format!("{mine}\n{quoted}"),
        format!("{mine}\nOn Mon, 2 Mar 2026 at 09:00, Sam Other wrote:\n{theirs}"),
        format!(
            "{mine}\nOn Mon, 2 Mar 2026 at 09:00, Sam Other\n<sam@other.example> wrote:\n{theirs}"
        ),
        format!("{mine}\n-----Original Message-----\n{theirs}"),
        format!("{mine}\n---------- Forwarded message ---------\n{theirs}"),
        format!(
            "{mine}\n________________________________\nFrom: Sam\nSent: Monday\nTo: Ada\n{theirs}"
        ),
        format!("{mine}\nAm 2. März 2026 um 09:00 schrieb Sam Other:\n{theirs}"),
        format!("{mine}\nVon: Sam\nGesendet: Montag\n{theirs}"),
        format!("{mine}\nLe 2 mars 2026 à 09:00, Sam Other a écrit :\n{theirs}"),
        format!("{mine}\nDe : Sam\nEnvoyé : lundi\n{theirs}"),
        format!("{mine}\nEl 2 mar 2026, a las 09:00, Sam Other escribió:\n{theirs}"),
        format!("{mine}\r\n-----Ursprüngliche Nachricht-----\r\n{theirs}"),
        format!(
            "{mine}\n*From:* Sam Other <sam@other.example>\n*Sent:* Monday\n*To:* Ada\n{theirs}"
        ),
        format!("{mine}\n**From: **Sam Other\n**Date: **Monday\n{theirs}"),
        format!("{mine}\n_Von:_ Sam\n_Gesendet:_ Montag\n{theirs}"),
        format!("{mine}\nVan: Sam\nVerzonden: maandag\n{theirs}"),
        format!(
            "{mine}\nOp ma 2 mrt 2026 om 09:00 schreef Sam Other <sam@other.example>:\n{theirs}"
        ),
        format!("{mine}\nOp 2 mrt 2026 schreef Sam Other\nhet volgende:\n{theirs}"),
        format!("{mine}\nOp 2 mrt 2026 heeft Sam Other het volgende geschreven:\n{theirs}"),
        format!("{mine}\nEm seg., 2 de mar. de 2026 às 09:00, Sam Other escreveu:\n{theirs}"),
        format!("{mine}\n2 марта 2026 г., в 09:00, Sam Other написал(а):\n{theirs}"),
        format!("{mine}\nпн, 2 мар. 2026 г. в 09:00, Sam Other <sam@other.example>:\n{theirs}"),
        format!("{mine}\nSam Other 于2026年3月2日周一 09:00写道：\n{theirs}"),
        format!("{mine}\nSam Other <sam@other.example> 于2026年3月2日周一 09:00写道：\n{theirs}"),
        format!("{mine}\nSam Other <sam@other.example> wrote:\n{theirs}"),
        format!("{mine}\nSam Other <sam@other.example> skrev:\n{theirs}"),
        format!("{mine}\nSam Other, CEO\n<sam@other.example> wrote:\n{theirs}"),
        format!("{mine}\nSam Other, CEO <\nsam@other.example> wrote:\n{theirs}"),
    ] {
        let found = read(&reply);
        assert_eq!(
            found,
            Signature { marked: true, name: Some("Ada Byron".to_owned()), ..Signature::default() },
            "{reply}"
        );
    }
}

#[test]
fn what_is_quoted_before_the_answer_does_not_end_it() {
    let found = read("> Sam <sam@other.example> wrote:\n> > Hello\n\nHi\n\nBest,\nAda Byron\nCEO");
    assert_eq!((found.name.as_deref(), found.title.as_deref()), (Some("Ada Byron"), Some("CEO")));
    let found =
        read("Ask Sam <sam@other.example> for it.\n\nBest,\nAda Byron\nE: ada@acme.example");
    assert_eq!(found.email.unwrap().as_str(), "ada@acme.example");
}

#[test]
fn a_sentence_with_a_word_of_a_role_in_it_is_no_title() {
    for text in [
        // Nothing says that this is a signature.
        "Hi Bob,\nour director will call you tomorrow.\nAda",
        "Hi Bob,\nour director will call you tomorrow\nAda",
        "Hi Bob,\n\n\nour director will call you\nAda",
        "Best,\nAda\n\nP.S. My manager is away until Monday.",
        "Best,\nAda\n\nPS: My manager is away",
        "Best,\nAda\n\nP.S.\nMy manager is away",
        "Best,\nAda\n\nThis message is for you.\nplease tell the owner of the account and delete it.",
        "Best,\nAda\n\nWhoever it is not for is asked to be so kind and please tell\n\
         the owner of the account",
        "Best,\nAda\n\nOnly these may read it: the owner;",
        // Nine words.
        "Best,\nAda\nDirector of this and that and of the rest",
    ] {
        assert_eq!(read(text).title, None, "{text}");
        assert_eq!(read(text).role, None, "{text}");
    }
    for (text, title) in [
        ("Hi Bob,\nsee you.\nAda\nTitle: Director", "Director"),
        // Eight words.
        (
            "Best,\nAda\nDirector of this and that and the rest",
            "Director of this and that and the rest",
        ),
        // What follows a postscript may be a signature of its own.
        ("Best,\nAda\nP.S. Call Bob.\n--\nAda Byron\nCEO", "CEO"),
    ] {
        assert_eq!(read(text).title.as_deref(), Some(title), "{text}");
    }
    let found = read("Best,\nAda\n\nP.S. Reach Bob at +1 646 555 1002");
    assert_eq!((found.phone, found.mobile), (None, None));
}

#[test]
fn a_signature_is_marked_by_a_separator_or_a_closing_and_by_nothing_else() {
    for (text, marked) in [
        ("Hi\n--\nAda", true),
        ("Hi\nCheers,\nAda", true),
        ("Hi\n\n\nAda", false),
        ("Reach Bob at +1 646 555 1002\nAda", false),
        ("", false),
    ] {
        assert_eq!(read(text).marked, marked, "{text}");
    }
}

#[test]
fn the_first_two_numbers_are_telephone_and_mobile_unless_they_say_otherwise() {
    let numbers = |lines: &str| {
        let found = parse(&format!("Regards\nAda Byron\n{lines}"), "US");
        (found.phone.map(String::from), found.mobile.map(String::from))
    };
    let (one, two) = ("+12125551001".to_owned(), "+16465551002".to_owned());
    let both = (Some(one.clone()), Some(two.clone()));
    for lines in [
        "212-555-1001\n646-555-1002",
        "212-555-1001 / 646-555-1002",
        "+1 212 555 1001 +1 646 555 1002",
        "T: (212) 555 1001 | M: (646) 555 1002",
        "Mobile: 646 555 1002\nOffice: 212 555 1001",
        "Fax: 212 555 1009\nTel 212.555.1001\nCell 646.555.1002",
        "Tel.: +1-212-555-1001\nHandy: +1-646-555-1002\n+1 206 555 0010",
        "212 555 1001\n212 555 1001\n646 555 1002",
    ] {
        assert_eq!(numbers(lines), both, "{lines}");
    }
    assert_eq!(numbers("Cell: 646 555 1002"), (None, Some(two)));
    assert_eq!(numbers("Fax: 212 555 1001"), (None, None));
    // Dates, parts of addresses and what is no number there.
    for lines in
        ["2026-03-02", "02.03.2026", "www.acme.example/2125551001", "ada2125551001", "12345"]
    {
        assert_eq!(numbers(lines), (None, None), "{lines}");
    }
    let german = parse("Grüße\n\n--\n030 1234567", "DE");
    assert_eq!(german.phone.unwrap().as_str(), "+49301234567");
}

#[test]
fn a_title_means_what_its_whole_words_mean() {
    for (title, role) in [
        ("CEO", Role::DecisionMaker),
        ("Co-Owner", Role::DecisionMaker),
        ("Vice President of Sales", Role::DecisionMaker),
        ("Head of Procurement", Role::DecisionMaker),
        ("General Manager", Role::DecisionMaker),
        ("SVP Engineering", Role::DecisionMaker),
        ("Geschäftsführerin", Role::DecisionMaker),
        ("Sales Manager", Role::Influencer),
        ("Team Lead", Role::Influencer),
        ("Senior Engineer", Role::Influencer),
        // What the seed's search within words took for a partner and a vice president.
        ("Partnership Coordinator", Role::Influencer),
        ("MVP Engineer", Role::User),
        ("Leadership Trainer", Role::User),
        ("Engineer", Role::User),
        ("", Role::User),
    ] {
        assert_eq!(Role::of(title), role, "{title}");
    }
}

#[test]
fn a_social_network_is_nobodys_own_site() {
    let site = |line: &str| read(&format!("Regards\nAda\n{line}")).website;
    assert_eq!(
        site("https://www.facebook.com/acme www.acme.example"),
        Some("www.acme.example".into())
    );
    assert_eq!(site("Web: acme.example"), Some("acme.example".into()));
    assert_eq!(site("https://uk.linkedin.com/company/acme"), None);
    assert_eq!(site("https://notlinkedin.com"), Some("https://notlinkedin.com".into()));
    assert_eq!(site("www"), None);
    assert_eq!(read("Regards\nAda\nfoox.com/someone").twitter, None);
    assert_eq!(read("Regards\nAda\nTwitter: @ada_b").twitter, Some("ada_b".into()));
}

#[test]
fn a_very_long_message_takes_no_long_time() {
    let begun = std::time::Instant::now();
    for unit in ["a", "1", "> ", "\n", "-", "@", "+1 ", "www.", "On x\n", "($", "ß", "\u{0}"] {
        read(&unit.repeat(300_000 / unit.len()));
    }
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}

/// Pieces that signatures are made of, and others.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\\PC\n]{0,40}",
        "[-+() ./0-9]{0,25}",
        prop::sample::select(vec![
            "Best regards,",
            "--",
            "Title: CEO",
            "Ada Byron",
            "+1 212 555 1001",
            "Tel: 646 555 1002",
            "ada@acme.example",
            "www.acme.example",
            "linkedin.com/in/ada",
            "@ada",
            "Acme, Inc.",
            "On Monday Sam wrote:",
            "From: Sam",
            "Sent: x",
            "> ",
            "\n\n\n",
            "王小明",
            "VP | Acme Ltd",
        ])
        .prop_map(str::to_owned),
    ]
}

fn message() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..20).prop_map(|pieces| pieces.join("\n"))
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_signature_says_stands_in_the_message(text in message()) {
        let found = parse(&text, "US");
        let kept = own(&text);
        let lower = kept.to_lowercase();
        for said in [&found.name, &found.title, &found.company, &found.twitter, &found.website] {
            prop_assert!(said.as_ref().is_none_or(|said| kept.contains(said.as_str())), "{said:?}");
        }
        if let Some(url) = &found.linkedin_url {
            prop_assert!(kept.contains(url.rsplit('/').next().unwrap()));
        }
        if let Some(email) = &found.email {
            prop_assert!(lower.contains(email.as_str()));
        }
        // Other digits are digits as well; what is compared is how these are written.
        let plain = kept.chars().all(|c| c.is_ascii() || !c.is_numeric());
        for phone in [&found.phone, &found.mobile].into_iter().flatten().filter(|_| plain) {
            let national = &phone.as_str()[phone.as_str().len() - 7..];
            prop_assert!(digits(&kept).contains(national), "{phone:?}");
        }
    }

    #[test]
    fn what_stands_behind_a_mark_of_quotation_changes_nothing(
        text in message(), quoted in message(), at in any::<prop::sample::Index>(),
    ) {
        let mut lines: Vec<String> = own(&text).lines().map(str::to_owned).collect();
        let without = lines.join("\n");
        let quoted = quoted.split(['\n', '\r']).map(|line| format!("> {line}"));
        let at = at.index(lines.len() + 1);
        // Between two lines of a heading it would part what belongs together.
        prop_assume!(!without.to_lowercase().contains("on ") && !without.to_lowercase().contains("from:"));
        lines.splice(at..at, quoted);
        prop_assert_eq!(parse(&lines.join("\n"), "US"), parse(&without, "US"));
    }

    #[test]
    fn nothing_after_the_head_of_another_message_is_read(text in message(), other in message()) {
        // A head may take three lines, and so three are left between the two.
        let reply = format!("{text}\n\n\n\n-----Original Message-----\n{other}");
        prop_assert_eq!(parse(&reply, "US"), parse(&text, "US"));
        let reply = format!("{text}\n\n\n\nOn 2 March 2026 Sam wrote:\n{other}");
        prop_assert_eq!(own(&reply), own(&text));
    }

    #[test]
    fn what_is_kept_is_kept_whole_when_it_is_read_again(text in message()) {
        prop_assert_eq!(own(&own(&text)), own(&text));
        prop_assert!(own(&text).chars().count() <= 10_000);
        prop_assert!(!own(&text).contains('\0'));
    }
}
