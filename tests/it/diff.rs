//! Whether the statements between two databases lead from one to the other, and back.

use integration::{SERVER, name};
use migration::{
    catalog::Catalog,
    diff::{Change, DECIDE, diff, down_sql, report, up_sql},
    run, scratch,
};
use sea_orm::{ConnectionTrait, DatabaseConnection};

/// Two databases, and whether the way between them asks a person.
struct Case {
    name: &'static str,
    from: &'static str,
    to: &'static str,
    asks: bool,
}

const fn case(name: &'static str, from: &'static str, to: &'static str) -> Case {
    Case { name, from, to, asks: false }
}

const fn asking(name: &'static str, from: &'static str, to: &'static str) -> Case {
    Case { name, from, to, asks: true }
}

/// Roles belong to the server; functions are not what the catalog is about, so both sides have it.
const BEFORE: &str = "
    create function touch() returns trigger language plpgsql as 'begin return new; end'";
const ROLES: &str = "
    do $$ begin create role diff_app; exception when duplicate_object then end $$;
    do $$ begin create role \"Diff Reader\"; exception when duplicate_object then end $$";

const ACCOUNTS: &str = "
    create table accounts (tenant_id uuid not null, id uuid not null, name text,
        constraint accounts_pkey primary key (tenant_id, id));";
const FULL: &str = r#"
    create table tenants (id uuid primary key, slug text not null constraint tenants_slug unique);
    create table zones (tenant_id uuid not null references tenants (id) on delete cascade,
        id uuid not null, primary key (tenant_id, id));
    create table deals (
        id uuid not null default gen_random_uuid(),
        tenant_id uuid not null constraint deals_tenant references tenants (id),
        zone_id uuid,
        parent_id uuid,
        title text not null default 'It''s A "Deal"',
        code varchar(12) collate "C",
        amount numeric(14, 2) not null default 0,
        "Odd Name" boolean,
        stage text not null default 'open',
        kind varchar not null default 'a' check (kind in ('a', 'b')),
        tags text[] not null default '{}',
        slug text generated always as (lower(title) || '-' || replace(title, 'X', 'It''s')) stored,
        span int4range,
        number bigint generated always as identity,
        created_at timestamptz not null default current_timestamp,
        constraint deals_pkey primary key (tenant_id, id),
        constraint deals_span exclude using gist (span with &&),
        constraint deals_code unique nulls not distinct (tenant_id, code),
        constraint deals_stage check (stage in ('open', 'WON', 'lost') and kind <> ' where '),
        constraint deals_case check (case when stage = 'WON' then amount > 0 else true end),
        constraint deals_zone foreign key (tenant_id, zone_id)
            references zones (tenant_id, id) on delete cascade deferrable initially deferred,
        constraint deals_parent foreign key (tenant_id, parent_id) references deals (tenant_id, id)
    );
    create index deals_open on deals (tenant_id, created_at desc, id)
        where stage = 'open' and stage <> 'All WHERE' and amount >= 10 and title <> 'something long';
    create index deals_cover on deals (tenant_id, zone_id) include (amount);
    create unique index deals_lower on deals (tenant_id, lower(code)) nulls not distinct;
    create index deals_tags on deals using gin (tags);
    alter table deals enable row level security;
    alter table deals force row level security;
    create policy tenant on deals for all to diff_app
        using (tenant_id = nullif(current_setting('app.Tenant', true), '')::uuid)
        with check (tenant_id = nullif(current_setting('app.Tenant', true), '')::uuid);
    create policy strict on deals as restrictive for select to "Diff Reader", diff_app
        using (amount > 0);
    create trigger deals_touch before update of title, stage on deals
        for each row when (new.stage <> 'WON') execute function touch('Deals');
    grant select, insert, update on deals to diff_app;
    grant select on deals to "Diff Reader";
    grant select on tenants to public;
    create table seaql_migrations (version text primary key); -- not ours
    -- a circle
    create table hens (tenant_id uuid not null, id uuid not null, egg_id uuid,
        primary key (tenant_id, id));
    create table eggs (tenant_id uuid not null, id uuid not null, hen_id uuid,
        primary key (tenant_id, id),
        constraint eggs_hen foreign key (tenant_id, hen_id) references hens (tenant_id, id));
    alter table hens add constraint hens_egg
        foreign key (tenant_id, egg_id) references eggs (tenant_id, id);
    -- a reference to an index
    create table notes (id uuid not null, about uuid);
    create unique index notes_id on notes (id);
    alter table notes add constraint notes_about foreign key (about) references notes (id);
    create table events (id uuid not null, at timestamptz not null) partition by range (at);
    create index events_at on events (at);
    create table events_2026 partition of events
        for values from ('2026-01-01') to ('2027-01-01');
"#;

const CASES: &[Case] = &[
    case("new tables", "", FULL),
    case("dropped tables", FULL, ""),
    case("new child", ACCOUNTS, "create table accounts (tenant_id uuid not null, id uuid not null,
        name text, constraint accounts_pkey primary key (tenant_id, id), unique (name));
        create table a_child (name text constraint a_child_name references accounts (name))"),
    case("new parent", "create table child (parent_id uuid)", "
        create table parent (id uuid primary key);
        create table child (parent_id uuid constraint child_parent references parent);"),
    asking("parent that comes later", "create table a (b_id uuid); create table b (id uuid primary key)",
        "create table a (b_id uuid, id uuid primary key); create table b (id uuid primary key, a_id uuid references a);
        alter table a add constraint a_b foreign key (b_id) references b"),
    case("dropped child and parent", "create table keeps (id uuid primary key, gone_id uuid);
        create table gone (id uuid primary key, keeps_id uuid references keeps);
        alter table keeps add constraint keeps_gone foreign key (gone_id) references gone;
        create table gone_child (gone_id uuid references gone)",
        "create table keeps (id uuid primary key)"),
    case("dropped child of a key that is dropped",
        "create table keeps (id uuid primary key, name text constraint keeps_name unique);
        create table gone (name text constraint gone_keeps references keeps (name))",
        "create table keeps (id uuid primary key)"),
    case("a key beneath a reference that stays",
        "create table p (id uuid constraint p_pkey primary key, n int);
        create table c (p_id uuid constraint c_p references p (id))",
        "create table p (id uuid not null constraint p_id unique, n int constraint p_pkey primary key);
        create table c (p_id uuid constraint c_p references p (id));
        alter table p alter n set default 1"),
    case("added columns", ACCOUNTS, "create table accounts (tenant_id uuid not null, id uuid not null,
        name text, size int not null default 1, note varchar(5), initial text not null generated always as (left(name, 1)) stored,
        constraint accounts_pkey primary key (tenant_id, id), constraint accounts_size check (size > 0))"),
    case("dropped columns", "create table t (id int primary key, a int not null, b int generated always as (a + 1) stored,
        c text default 'C' check (c <> ''), constraint t_ab unique (a, id)); create index t_b on t (b)",
        "create table t (id int primary key)"),
    case("defaults", "create table t (a int default 1, b int, c int default 3)",
        "create table t (a int default 2, b int default 2, c int)"),
    case("may be null", "create table t (a int not null)", "create table t (a int)"),
    case("not null with a default", "create table t (a int, b int default 1)",
        "create table t (a int not null default 7, b int not null default 1)"),
    case("identity", "create table t (a int not null, b int generated always as identity)",
        "create table t (a int generated by default as identity, b int generated by default as identity)"),
    case("check", "create table t (a int constraint t_a check (a > 0), b int constraint t_b check (b > 0))",
        "create table t (a int constraint t_a check (a > 1), b int, constraint t_c check (a > b))"),
    case("keys", "create table t (a int not null constraint t_pkey primary key, b int not null, constraint t_b unique (b))",
        "create table t (a int not null, b int not null, constraint t_pkey primary key (b, a))"),
    case("reference", "create table p (id int primary key); create table c (id int constraint c_p references p)",
        "create table p (id int primary key); create table c (id int constraint c_p references p on delete cascade)"),
    case("indexes", "create table t (a int, b int); create index t_a on t (a); create index t_b on t (b)",
        "create table t (a int, b int); create index t_a on t (a, b) where b > 0; create unique index t_c on t (a)"),
    case("row security on", ACCOUNTS, "create table accounts (tenant_id uuid not null, id uuid not null, name text,
        constraint accounts_pkey primary key (tenant_id, id));
        alter table accounts enable row level security; alter table accounts force row level security;
        create policy tenant on accounts to diff_app using (true)"),
    case("row security off", "create table t (a int); alter table t enable row level security;
        alter table t force row level security; create policy p on t using (a > 0)", "create table t (a int)"),
    case("policy and trigger", "create table t (a int); create policy p on t for insert with check (a > 0);
        create trigger g before insert on t for each row execute function touch()",
        "create table t (a int); create policy p on t for insert with check (a > 1); create policy q on t using (true);
        create trigger g before insert or update on t for each row execute function touch('t')"),
    case("grants", "create table t (a int); grant select, insert on t to diff_app; grant select on t to public",
        "create table t (a int); grant select, update on t to diff_app; grant all on t to \"Diff Reader\""),
    case("owner", "create table t (a int); grant select on t to diff_app, \"Diff Reader\"",
        "create table t (a int); alter table t owner to diff_app"),
    case("quoted names", "create table \"T t\" (\"A a\" int)",
        "create table \"T t\" (\"A a\" int not null default 1, \"order\" int constraint \"C c\" check (\"order\" > 0));
        create index \"I i\" on \"T t\" (\"A a\")"),
    asking("type", "create table t (a int, b text)", "create table t (a bigint, b text collate \"C\")"),
    asking("type, default and null", "create table t (a int default 1)", "create table t (a bigint not null default 2)"),
    asking("rename", "create table t (a text not null, b int); create index t_a on t (a)",
        "create table t (c text not null, b int); create index t_a on t (c)"),
    asking("rename and more", "create table t (a text, b int)", "create table t (c text not null default 'x', b int)"),
    asking("what is generated from a column that is renamed",
        "create table t (a int, b int generated always as (a + 1) stored)",
        "create table t (c int, d int generated always as (c + 1) stored)"),
    asking("identity where null was", "create table t (a int, b int not null generated always as identity)",
        "create table t (a int generated always as identity, b int)"),
    asking("not null", "create table t (a int)", "create table t (a int not null)"),
    asking("new and not null", ACCOUNTS, "create table accounts (tenant_id uuid not null, id uuid not null, name text,
        size int not null, constraint accounts_pkey primary key (tenant_id, id))"),
    asking("another expression", "create table t (a int, b int generated always as (a + 1) stored)",
        "create table t (a int, b int generated always as (a + 2) stored)"),
];

#[tokio::test]
async fn every_way_leads_there_and_back() {
    let server = run::connect(&SERVER.url("postgres")).await.unwrap();
    server.execute_unprepared(ROLES).await.unwrap();
    let (from, to) = (Side::new().await, Side::new().await);
    for case in CASES {
        from.holds(case.from, case).await;
        to.holds(case.to, case).await;
        let (a, b) = (from.read().await, to.read().await);
        assert!(diff(&a, &a).is_empty() && diff(&b, &b).is_empty(), "{}", case.name);

        let changes = diff(&a, &b);
        let (up, down) = (up_sql(&changes), down_sql(&changes));
        assert_eq!(up.contains(DECIDE), case.asks, "{}\n{up}", case.name);
        assert!(asks_in_whole_lines(&up) && asks_in_whole_lines(&down), "{}", case.name);

        for (sql, there) in [(&up, &b), (&down, &a), (&up, &b)] {
            from.execute(&decided(sql), case).await;
            assert_same(&from.read().await, there, case, sql);
        }
    }
}

#[tokio::test]
async fn there_is_nothing_to_say_about_what_is_the_same() {
    assert_eq!((up_sql(&[]), down_sql(&[]), report(&[])).0, "");
    let none: Vec<Change> = diff(&Catalog::default(), &Catalog::default());
    assert_eq!(none, []);
}

/// The file after a person has taken the first guess to every question.
fn decided(sql: &str) -> String {
    let (mut text, mut beneath) = (String::new(), false);
    for line in sql.lines() {
        if line.starts_with(DECIDE) {
            beneath = true;
        } else if let Some(guess) = line.strip_prefix("-- ").filter(|_| beneath) {
            beneath = guess != "or:";
            if beneath {
                text.push_str(guess);
                text.push('\n');
            }
        } else if !line.starts_with("--") {
            beneath = false;
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

fn asks_in_whole_lines(sql: &str) -> bool {
    sql.matches("DECIDE").count() == sql.lines().filter(|line| line.starts_with(DECIDE)).count()
}

fn assert_same(left: &Catalog, right: &Catalog, case: &Case, sql: &str) {
    let rest = report(&diff(left, right));
    assert!(rest.is_empty(), "{}: still {rest}after\n{sql}", case.name);
    assert_eq!(left, right, "{}", case.name);
}

/// A database that holds one side of one case after another.
struct Side(DatabaseConnection);

impl Side {
    async fn new() -> Self {
        Self(scratch::database(&SERVER, &name()).await.unwrap())
    }

    async fn holds(&self, ddl: &str, case: &Case) {
        self.execute("drop schema public cascade; create schema public", case).await;
        self.execute(BEFORE, case).await;
        self.execute(ddl, case).await;
    }

    async fn read(&self) -> Catalog {
        Catalog::read(&self.0).await.unwrap()
    }

    async fn execute(&self, sql: &str, case: &Case) {
        if let Err(error) = self.0.execute_unprepared(sql).await {
            panic!("{}: {error}\n{sql}", case.name);
        }
    }
}
