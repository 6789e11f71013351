//! `cargo run -p migration`: applies the schema. See `USAGE`.

use std::{error::Error, process::ExitCode};

use devpg::Server;
use migration::{
    derive,
    run::{self, Options, Verb},
};

const USAGE: &str = "\
cargo run -p migration -- [verb]

  up [n]              apply the history, or its next n steps (the default)
  down [n]            take back the last step, or the last n
  reset | refresh     take all back | and apply all again
  fresh               drop whatever is there, then apply all
  status              say what was applied
  sql                 print what `up` would run

  make <context>_<what>   write the next migration, from what the entities say
  check               fail if the entities and the history differ, or a landed file was changed
  lock                write down the checksums of the history
  draw                write docs/schema.md and citus/distribute.sql

  --yes-drop-data     let down, reset, refresh and fresh lose rows

The database is DATABASE_URL's, or else a private server's that goes on running, whose URL is
printed; `stop` stops it.
";

#[tokio::main]
async fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let said = words.len();
    words.retain(|word| word != "--yes-drop-data");
    let options = Options { yes_drop_data: words.len() < said };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match obey(&words, options).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Does what the words say; whether all is well.
async fn obey(words: &[&str], options: Options) -> Result<bool, Box<dyn Error>> {
    let verb = match words {
        [] | ["up"] => Verb::Up(None),
        ["up", steps] => Verb::Up(Some(steps.parse()?)),
        ["down"] => Verb::Down(1),
        ["down", steps] => Verb::Down(steps.parse()?),
        ["reset"] => Verb::Reset,
        ["refresh"] => Verb::Refresh,
        ["fresh"] => Verb::Fresh,
        _ => return look(words).await,
    };
    let url = database().await?;
    run::run(&url, verb, options, |step| {
        println!("{:>8.1} ms  {}", step.took.as_secs_f64() * 1000.0, step.what);
    })
    .await?;
    println!("the schema is applied to {}", without_password(&url));
    Ok(true)
}

/// The verbs that change no database of the user's.
async fn look(words: &[&str]) -> Result<bool, Box<dyn Error>> {
    match words {
        ["status"] => {
            for (name, applied) in run::status(&database().await?).await? {
                println!("{}  {name}", if applied { "applied" } else { "pending" });
            }
        }
        ["sql"] => print!("{}", run::sql(&database().await?).await?),
        ["make", what] => match derive::make(&Server::start()?, what, &today()).await? {
            Some(name) => println!("wrote migration/src/{name}: read it, complete it, then `lock`"),
            None => println!("the entities say nothing new"),
        },
        ["check"] => {
            let wrong = derive::check(&Server::start()?).await?;
            for line in &wrong {
                eprintln!("{line}");
            }
            return Ok(wrong.is_empty());
        }
        ["lock"] => derive::lock()?,
        ["draw"] => derive::draw(&Server::start()?).await?,
        ["stop"] => devpg::stop_persistent(&devpg::default_dir())?,
        _ => {
            print!("{USAGE}");
            return Ok(matches!(words, ["help" | "--help" | "-h"]));
        }
    }
    Ok(true)
}

/// The database to migrate: `DATABASE_URL`'s, or `keel` on a private server that goes on running.
async fn database() -> Result<String, Box<dyn Error>> {
    if let Ok(url) = std::env::var("DATABASE_URL")
        && !url.is_empty()
    {
        return Ok(url);
    }
    let server = devpg::persistent(&devpg::default_dir())?;
    let admin = run::connect(&server.url("postgres")).await?;
    let known = "select datname::text from pg_database where datname = 'keel'";
    if migration::scratch::strings(&admin, known).await?.is_empty() {
        sea_orm::ConnectionTrait::execute_unprepared(&admin, "create database keel").await?;
    }
    admin.close().await?;
    Ok(server.url("keel"))
}

fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, rest)), Some((_, host))) => {
            let user = rest.split([':', '@']).next().unwrap_or_default();
            format!("{scheme}://{user}@{host}")
        }
        _ => url.to_owned(),
    }
}

/// The date in the name of a migration: `20261120`, in UTC.
fn today() -> String {
    chrono::Utc::now().format("%Y%m%d").to_string()
}
