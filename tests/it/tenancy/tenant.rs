//! Opening and changing a tenant.

use entity::{id::TenantId, zone::Zone};
use integration::World;
use service::{
    Context, Error,
    tenancy::tenant::{self, New},
};

#[tokio::test]
async fn a_tenant_is_opened_once_and_sees_itself_only() {
    let world = World::new().await;
    let ours = world.run(async |tx| tenant::get(tx).await).await;
    assert_eq!((ours.name.as_str(), ours.id), ("tenant", world.context.tenant));
    let again = New::named("again", Zone::utc());
    let again = world.db.run(world.context.clone(), async |tx| tenant::open(tx, again).await).await;
    assert!(matches!(again, Err(Error::Conflict(_))));
    let nobody = Context { tenant: TenantId::new(), ..world.context.clone() };
    let nobody = world.db.read(nobody, async |tx| tenant::get(tx).await).await;
    assert!(matches!(nobody, Err(Error::NotFound("tenant"))));
}

#[tokio::test]
async fn a_zone_is_a_name_of_the_tz_database_and_a_region_and_a_currency_are_what_they_are() {
    let world = World::new().await;
    for zone in ["EST5", "FOO5", "+05:00", "America/Springfield", "", "utc "] {
        assert!(Zone::parse(zone).is_err(), "{zone}");
    }
    let good = New::named("tenant", Zone::utc());
    let tries = [
        (New { phone_region: "XX".to_owned(), ..good.clone() }, "phone_region"),
        (New { currency: "usd".to_owned(), ..good.clone() }, "currency"),
        (New { stall_after_days: Some(-1), ..good.clone() }, "stall_after_days"),
        (New { name: " ".to_owned(), ..good }, "name"),
    ];
    for (new, wrong) in tries {
        let changed = world.db.run(world.context.clone(), async |tx| tenant::change(tx, new).await);
        assert!(matches!(changed.await, Err(Error::Invalid { field, .. }) if field == wrong));
    }
}

/// Compliance is due until the end of the tenant's day, wherever that is now.
#[tokio::test]
async fn in_another_zone_days_end_at_another_time() {
    let world = World::new().await;
    for who in [&world.context, &world.neighbour] {
        world.populate(who).await;
    }
    let ends = async |who: &Context| {
        let (id, day) = (who.tenant, "at time zone 'UTC', 'MM-DD HH24:MI')");
        let sql = format!(
            "select 'check ' || to_char(due_at {day} from compliance_checks where tenant_id = '{id}'
             union all
             select 'next ' || to_char(next_due_at {day} from compliance_schedule
             where tenant_id = '{id}' order by 1"
        );
        world.strings(&sql).await
    };
    let in_utc = ["check 03-11 00:00", "next 04-11 00:00"];
    assert_eq!(ends(&world.context).await, in_utc);
    let west = New::named("tenant", Zone::parse("America/Los_Angeles").unwrap());
    world.run(async |tx| tenant::change(tx, west).await).await;
    assert_eq!(ends(&world.context).await, ["check 03-11 07:00", "next 04-11 07:00"]);
    assert_eq!(ends(&world.neighbour).await, in_utc);
}
