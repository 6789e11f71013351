//! Those who must not come back.

use integration::{
    World,
    populate::{email, phone},
};
use service::{
    Error,
    outreach::{
        consent::Subject,
        dnc::{self, Ask, Check, Clearance, Refusal},
        suppression,
    },
};

#[tokio::test]
async fn whoever_was_erased_is_recognised_however_they_come_back_and_by_this_tenant_only() {
    let world = World::new().await;
    let subjects: Vec<Subject> =
        vec![phone("+12065550010").into(), email("Ada@Acme.example").into()];
    let added =
        async || world.run(async |tx| suppression::add(tx, &subjects, "erasure").await).await;
    assert_eq!((added().await, added().await), (2, 0), "once");
    let asked: Vec<Subject> = vec![
        phone("+12065550011").into(),
        phone("(206) 555-0010 ext. 4").into(),
        email("ADA@acme.example ").into(),
        email("bob@acme.example").into(),
    ];
    let held = world.run(async |tx| suppression::holds(tx, &asked).await).await;
    assert_eq!(held, [false, true, true, false]);
    let theirs = async |tx: &service::Tx| suppression::holds(tx, &asked).await;
    assert_eq!(world.run_as(&world.neighbour, theirs).await, [false; 4]);
    let none = world.run(async |tx| suppression::holds(tx, &[]).await).await;
    assert_eq!(none, [false; 0]);
}

#[tokio::test]
async fn no_table_holds_the_number_and_two_tenants_hash_it_differently() {
    let world = World::new().await;
    let subjects: Vec<Subject> = vec![phone("+12065550010").into()];
    for who in [&world.context, &world.neighbour] {
        world.run_as(who, async |tx| suppression::add(tx, &subjects, "erasure").await).await;
    }
    let found = world.strings("select distinct digest from suppressions").await;
    assert_eq!(found.len(), 2);
    let plain = "select s::text from suppressions s where s::text like '%2065550010%'
                 union all select k::text from suppression_keys k where k::text like '%2065550010%'";
    assert!(world.strings(plain).await.is_empty());
}

/// Case 2 of RFC 4231: the key is Jefe, the text is as below.
#[tokio::test]
async fn the_hash_is_hmac_sha_256_as_others_compute_it() {
    let world = World::new().await;
    let pad = |with: u8| -> String {
        let key = b"Jefe".iter().copied().chain(std::iter::repeat(0)).take(64);
        key.map(|byte| format!("{:02x}", byte ^ with)).collect::<Vec<_>>().concat()
    };
    let digest = format!(
        "select encode(sha256(decode('{}', 'hex') || sha256(decode('{}', 'hex')
            || convert_to('what do ya want for nothing?', 'UTF8'))), 'hex')",
        pad(0x5c),
        pad(0x36)
    );
    let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(world.strings(&digest).await, [expected]);
    // The tenant's own pads are of one key: where they differ, they differ by the same.
    let subjects: Vec<Subject> = vec![phone("+12065550010").into()];
    world.run(async |tx| suppression::add(tx, &subjects, "erasure").await).await;
    let pads = world.strings("select inner_pad || outer_pad from suppression_keys").await;
    let bytes: Vec<u8> =
        (0..128).map(|n| u8::from_str_radix(&pads[0][2 * n..2 * n + 2], 16).unwrap()).collect();
    assert!((0..64).all(|n| bytes[n] ^ bytes[n + 64] == 0x36 ^ 0x5c));
    assert!((0..32).any(|n| bytes[n] != 0x36) && (32..64).all(|n| bytes[n] == 0x36));
}

#[tokio::test]
async fn a_suppressed_number_is_refused_by_every_look_and_says_so_beside_other_reasons() {
    let world = World::new().await;
    let subjects: Vec<Subject> = vec![phone("+12065550010").into()];
    world.run(async |tx| suppression::add(tx, &subjects, "erasure").await).await;
    let since = world.context.now;
    let check = async || world.run(async |tx| dnc::check(tx, "206 555 0010").await).await;
    assert_eq!(check().await, Check::Suppressed { since });
    let clear = async || {
        world
            .run_as(&world.at("2026-03-02T20:00:00Z"), async |tx| {
                Ok(match dnc::clear(tx, &Ask::informational("206 555 0010")).await? {
                    Clearance::Cleared(_) => vec![],
                    Clearance::Refused(why) => why,
                })
            })
            .await
    };
    assert_eq!(clear().await, [Refusal::Suppressed]);
    let new = dnc::New::for_good("206 555 0010", "lead_requested");
    world.run(async |tx| dnc::add(tx, new).await).await;
    assert!(matches!(check().await, Check::Listed { .. }));
    assert_eq!(clear().await, [Refusal::Listed, Refusal::Suppressed]);
    let evidence = "select array_to_string(refusals, ' ') from dnc_checks order by id";
    let both = "listed suppressed";
    assert_eq!(world.strings(evidence).await, ["suppressed", "suppressed", both, both]);
}

#[tokio::test]
async fn whoever_asks_to_come_back_may_and_why_is_kept() {
    let world = World::new().await;
    let ada = Subject::from(phone("+12065550010"));
    let one = std::slice::from_ref(&ada);
    world.run(async |tx| suppression::add(tx, one, "erasure").await).await;
    let refused =
        world.db.run(world.context.clone(), async |tx| suppression::lift(tx, &ada, " ").await);
    assert!(matches!(refused.await, Err(Error::Invalid { field, .. }) if field == "because"));
    let lift =
        async || world.run(async |tx| suppression::lift(tx, &ada, "signed up anew").await).await;
    assert_eq!((lift().await, lift().await), (true, false));
    assert_eq!(world.run(async |tx| suppression::holds(tx, one).await).await, [false]);
    // And may be erased again.
    assert_eq!(world.run(async |tx| suppression::add(tx, one, "erasure").await).await, 1);
    assert_eq!(world.run(async |tx| suppression::holds(tx, one).await).await, [true]);
    assert_eq!(world.strings("select count(*)::text from suppressions").await, ["2"]);
}
