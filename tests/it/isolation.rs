//! No tenant reaches another's row, by any table and any verb: asked of the catalog, so that a new
//! table cannot be forgotten, and of the tests themselves, by breaking each policy.

mod asked;

use integration::{SERVER, World};
use migration::run;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, RuntimeErr, sqlx};

/// What a statement came to: how many rows it touched, or the code of the refusal.
type Came = Result<u64, String>;

struct Table {
    name: String,
    tenant: &'static str,
    verbs: String,
}

async fn tables(world: &World) -> Vec<Table> {
    let sql = "
        select c.relname || ' ' || (select string_agg(privilege_type, ',')
                                    from aclexplode(c.relacl) where grantee = 'keel_app'::regrole)
        from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
          and c.relname <> 'seaql_migrations' order by 1";
    let rows = world.strings(sql).await;
    rows.iter()
        .map(|row| {
            let (name, verbs) = row.split_once(' ').unwrap();
            let tenant = if name == "tenants" { "id" } else { "tenant_id" };
            Table { name: name.to_owned(), tenant, verbs: verbs.to_owned() }
        })
        .collect()
}

/// Does one statement in a transaction that is undone, for the tenant of the setting, if there is
/// one. As the application's role.
async fn came(app: &DatabaseConnection, setting: Option<&str>, sql: &str) -> Came {
    app.execute_unprepared("begin").await.unwrap();
    if let Some(setting) = setting {
        let set = format!("set local app.current_tenant_id = '{setting}'");
        app.execute_unprepared(&set).await.unwrap();
    }
    let came = match app.execute_unprepared(sql).await {
        Ok(done) => Ok(done.rows_affected()),
        Err(error) => Err(code(&error)),
    };
    app.execute_unprepared("rollback").await.unwrap();
    came
}

fn code(error: &DbErr) -> String {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e)) => {
            match &**e {
                sqlx::Error::Database(e) => e.code().unwrap_or_default().into_owned(),
                other => other.to_string(),
            }
        }
        other => other.to_string(),
    }
}

/// Every way in which the table lets somebody reach what they should not, or keeps a tenant from
/// its own.
async fn deviations(
    app: &DatabaseConnection,
    table: &Table,
    ours: &str,
    theirs: &str,
) -> Vec<String> {
    let Table { name, tenant, verbs } = table;
    let granted = |verb: &str| verbs.split(',').any(|v| v == verb);
    let reaching = [
        ("SELECT", format!("select from {name} where {tenant} = '{ours}'")),
        ("SELECT", format!("select from {name}")),
        ("UPDATE", format!("select from {name} where {tenant} = '{ours}' for update")),
        ("UPDATE", format!("update {name} set {tenant} = {tenant} where {tenant} = '{ours}'")),
        ("DELETE", format!("delete from {name} where {tenant} = '{ours}'")),
    ];
    let stealing = [
        format!("insert into {name} ({tenant}) values ('{ours}')"),
        format!("insert into {name} ({tenant}) values ('{ours}') on conflict do nothing"),
    ];
    let mut wrong = vec![];
    let mut expect = |setting: &str, sql: &str, came: Came, good: bool| {
        if !good {
            wrong.push(format!("as {setting}: {sql}: {came:?}"));
        }
    };
    for (setting, said) in [("nobody", None), ("empty", Some("")), ("their tenant", Some(theirs))] {
        for (verb, sql) in &reaching {
            if sql == &reaching[1].1 && said == Some(theirs) {
                continue; // they see their own
            }
            let came = came(app, said, sql).await;
            let good = if granted(verb) { came == Ok(0) } else { came == Err("42501".to_owned()) };
            expect(setting, sql, came, good);
        }
        for sql in &stealing {
            let came = came(app, said, sql).await;
            let good = came == Err("42501".to_owned());
            expect(setting, sql, came, good);
        }
    }
    for sql in reaching.iter().map(|(_, sql)| sql).chain(&stealing) {
        let came = came(app, Some("not a tenant"), sql).await;
        let good = matches!(&came, Err(code) if code == "22P02" || code == "42501");
        expect("a malformed tenant", sql, came, good);
    }
    for (verb, sql) in &reaching {
        let came = came(app, Some(ours), sql).await;
        let good = match &came {
            Ok(rows) => granted(verb) && *rows > 0,
            Err(code) if granted(verb) => code == "23503", // reached, and something refers to it
            Err(code) => code == "42501",
        };
        expect("our tenant", sql, came, good);
    }
    let moving = format!("update {name} set {tenant} = '{theirs}' where {tenant} = '{ours}'");
    let giving = format!("insert into {name} ({tenant}) values ('{theirs}')");
    for sql in [moving, giving, format!("truncate {name} cascade")] {
        let came = came(app, Some(ours), &sql).await;
        let good = came == Err("42501".to_owned());
        expect("our tenant", &sql, came, good);
    }
    wrong
}

struct Matrix {
    world: World,
    app: DatabaseConnection,
    tables: Vec<Table>,
    ours: String,
    theirs: String,
}

async fn matrix() -> Matrix {
    let world = World::new().await;
    world.populate(&world.context).await;
    world.populate(&world.neighbour).await;
    let app = run::connect(&SERVER.url_as("keel_app", &world.name)).await.unwrap();
    let tables = tables(&world).await;
    assert!(tables.len() >= 43, "{}", tables.len());
    let (ours, theirs) = (world.context.tenant.to_string(), world.neighbour.tenant.to_string());
    Matrix { world, app, tables, ours, theirs }
}

#[tokio::test]
async fn no_verb_reaches_another_tenants_rows_and_every_verb_reaches_ones_own() {
    let Matrix { world: _world, app, tables, ours, theirs } = matrix().await;
    for table in &tables {
        let wrong = deviations(&app, table, &ours, &theirs).await;
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

#[tokio::test]
async fn a_policy_that_is_dropped_widened_or_switched_off_is_noticed() {
    let Matrix { world, app, tables, ours, theirs } = matrix().await;
    for table in &tables {
        let name = &table.name;
        let own = "nullif(current_setting('app.current_tenant_id', true), '')::uuid";
        let again = format!(
            "create policy tenant on {name} for all to keel_app using ({t} = {own}) \
             with check ({t} = {own})",
            t = table.tenant
        );
        let mutants = [
            (format!("drop policy tenant on {name}"), again.clone()),
            (
                format!("create policy leak on {name} for all to public using (true)"),
                format!("drop policy leak on {name}"),
            ),
            (
                format!("alter table {name} disable row level security"),
                format!("alter table {name} enable row level security"),
            ),
            (
                format!("alter policy tenant on {name} with check (true)"),
                format!("drop policy tenant on {name}; {again}"),
            ),
        ];
        for (break_it, mend_it) in mutants {
            world.owner.execute_unprepared(&break_it).await.unwrap();
            let wrong = deviations(&app, table, &ours, &theirs).await;
            assert!(!wrong.is_empty(), "nobody noticed: {break_it}");
            world.owner.execute_unprepared(&mend_it).await.unwrap();
        }
        assert!(deviations(&app, table, &ours, &theirs).await.is_empty());
    }
}
