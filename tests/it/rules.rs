//! Every rule that a table keeps, broken: whoever writes, and by whatever road, the database says
//! no, and says by which rule.
//!
//! Which rules there are is the catalog's to say, so that a new one cannot be forgotten here.

mod compliance;
mod customers;
mod engine;
mod feedback;
mod health;
mod leads;
mod ledger;
mod links;
mod nurture;
mod outreach;
mod sales;
mod support;
mod system_config;
mod tenancy;

use std::collections::BTreeSet;

use integration::World;
use sea_orm::{ConnectionTrait, DbErr, RuntimeErr, sqlx};

/// A rule by its name, and what breaks it and no other: Postgres tries a row's CHECKs in the order
/// of their names. A range is left on both sides, where the type lets it; NaN is above every number.
type Broken = (&'static str, &'static str);

/// What the rows of the rule's table are changed to; or a whole statement, where they are sealed.
fn checks() -> Vec<Broken> {
    let all = [
        compliance::CHECKS,
        customers::CHECKS,
        engine::CHECKS,
        feedback::CHECKS,
        health::CHECKS,
        leads::CHECKS,
        ledger::CHECKS,
        links::CHECKS,
        nurture::CHECKS,
        outreach::CHECKS,
        sales::CHECKS,
        support::CHECKS,
        system_config::CHECKS,
        tenancy::CHECKS,
    ];
    all.concat()
}

/// Where no row is there to be repeated, a statement brings two.
fn unique() -> Vec<Broken> {
    let all = [
        compliance::UNIQUE,
        customers::UNIQUE,
        engine::UNIQUE,
        feedback::UNIQUE,
        health::UNIQUE,
        leads::UNIQUE,
        ledger::UNIQUE,
        links::UNIQUE,
        nurture::UNIQUE,
        outreach::UNIQUE,
        sales::UNIQUE,
        support::UNIQUE,
        system_config::UNIQUE,
        tenancy::UNIQUE,
    ];
    all.concat()
}

/// A rule, a statement that breaks it, and the code by which Postgres refuses that.
struct Try {
    rule: String,
    statement: String,
    code: &'static str,
}

/// What Postgres says to a statement, which is undone whatever it says: code and rule.
async fn answer(world: &World, statement: &str) -> String {
    world.owner.execute_unprepared("begin").await.unwrap();
    let done = world.owner.execute_unprepared(statement).await;
    world.owner.execute_unprepared("rollback").await.unwrap();
    match done {
        Ok(done) => format!("{} rows", done.rows_affected()),
        Err(error) => refusal(&error),
    }
}

fn refusal(error: &DbErr) -> String {
    let (DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e))) = error
    else {
        return error.to_string();
    };
    match &**e {
        sqlx::Error::Database(refused) => {
            let code = refused.code().unwrap_or_default();
            format!("{code} {}", refused.constraint().unwrap_or_default())
        }
        other => other.to_string(),
    }
}

/// A tenant with a row in every table, and a superuser, whom no policy holds back.
async fn crowded() -> World {
    let world = World::new().await;
    world.populate(&world.context).await;
    world
}

/// Every statement is refused, by the rule that it was meant for.
async fn all_hold(world: &World, tries: impl IntoIterator<Item = Try>) {
    let mut wrong = vec![];
    for Try { rule, statement, code } in tries {
        let said = answer(world, &statement).await;
        if said != format!("{code} {rule}") {
            wrong.push(format!("{rule}: {statement}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The list breaks every rule that there is, and none that there is not.
fn is_complete(list: &[Broken], rules: impl Iterator<Item = impl Into<String>>) {
    let listed: BTreeSet<String> = list.iter().map(|(rule, _)| (*rule).to_owned()).collect();
    let known: BTreeSet<String> = rules.map(Into::into).collect();
    let unbroken: Vec<_> = known.difference(&listed).collect();
    assert!(unbroken.is_empty(), "nobody breaks {unbroken:?}");
    let gone: Vec<_> = listed.difference(&known).collect();
    assert!(gone.is_empty(), "there is no {gone:?}");
}

#[tokio::test]
async fn every_check_refuses_the_rows_that_break_it() {
    let world = crowded().await;
    let sql = "select conname || ' ' || conrelid::regclass from pg_constraint
               where contype = 'c' and connamespace = 'public'::regnamespace";
    let rows = world.strings(sql).await;
    let rules: Vec<_> = rows.iter().map(|row| row.split_once(' ').unwrap()).collect();
    let broken = checks();
    is_complete(&broken, rules.iter().map(|(rule, _)| *rule));
    let tries = broken.iter().map(|(rule, change)| {
        let (_, table) = rules.iter().find(|(name, _)| name == rule).unwrap();
        let statement = match *change {
            whole if whole.starts_with("insert") => whole.to_owned(),
            change => format!("update {table} set {change}"),
        };
        Try { rule: (*rule).to_owned(), statement, code: "23514" }
    });
    all_hold(&world, tries).await;
}

#[tokio::test]
async fn every_unique_index_refuses_the_second_of_two_that_are_alike() {
    let world = crowded().await;
    let indexes = "select c.relname::text from pg_index i join pg_class c on c.oid = i.indexrelid
                   where i.indisunique and not i.indisprimary
                     and c.relnamespace = 'public'::regnamespace
                     and i.indrelid <> 'seaql_migrations'::regclass";
    let broken = unique();
    is_complete(&broken, world.strings(indexes).await.into_iter());
    let tries = broken.iter().map(|(rule, statement)| Try {
        rule: (*rule).to_owned(),
        statement: (*statement).to_owned(),
        code: "23505",
    });
    all_hold(&world, tries).await;
}

#[tokio::test]
async fn every_primary_key_refuses_a_row_that_is_there_already() {
    let world = crowded().await;
    // A copy of a row in all columns that are not computed.
    let copies = "
        select k.conname || ' ' || format('insert into %1$I (%2$s) select %2$s from %1$I',
                                          c.relname, string_agg(quote_ident(a.attname), ', '))
        from pg_constraint k join pg_class c on c.oid = k.conrelid
        join pg_attribute a on a.attrelid = c.oid
        where k.contype = 'p' and k.connamespace = 'public'::regnamespace
          and c.relname <> 'seaql_migrations' and a.attnum > 0 and not a.attisdropped
          and a.attgenerated = ''
        group by k.conname, c.relname";
    let copies = world.strings(copies).await;
    assert!(copies.len() >= 43, "{}", copies.len());
    let tries = copies.iter().map(|copy| {
        let (rule, statement) = copy.split_once(' ').unwrap();
        Try { rule: rule.to_owned(), statement: statement.to_owned(), code: "23505" }
    });
    all_hold(&world, tries).await;
}
