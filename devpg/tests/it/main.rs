//! Against the PostgreSQL of this machine, in processes of their own where it is about their end.

mod scratch;

use std::{
    env, error, fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use devpg::Server;
use scratch::Scratch;

type Outcome = Result<(), Box<dyn error::Error>>;

/// Asks `psql` and gives its answer.
fn ask(url: &str, question: &str) -> Result<String, Box<dyn error::Error>> {
    let psql = devpg::find_bin_dir()?.join("psql");
    let output = Command::new(psql).args(["-XAtc", question, url]).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Runs `the_other_process` below as a process with its temp directory in `scratch`.
fn other_process(scratch: &Scratch) -> Result<Command, Box<dyn error::Error>> {
    let mut command = Command::new(env::current_exe()?);
    command.args(["--exact", "the_other_process", "--nocapture"]);
    command.env("DEVPG_OTHER_PROCESS", "start").env("TMPDIR", scratch.dir());
    command.env_remove("DATABASE_URL").stdin(Stdio::null()).stdout(Stdio::piped());
    Ok(command)
}

/// What the process says after `word`, once it does.
fn wait_for(word: &str, process: &mut Child) -> Result<String, Box<dyn error::Error>> {
    // Borrowed and not taken: the pipe has to stay open for what the process says at its end.
    let output = process.stdout.as_mut().ok_or("no output")?;
    for line in BufReader::new(output).lines() {
        if let Some((_, said)) = line?.split_once(word) {
            return Ok(said.trim().to_owned());
        }
    }
    Err(format!("it ended without {word}").into())
}

/// Not a test, but the process that the tests start and kill.
#[test]
fn the_other_process() {
    let Ok(task) = env::var("DEVPG_OTHER_PROCESS") else { return };
    let server = match devpg::Server::start() {
        Ok(server) => server,
        Err(error) => return println!("refused: {}", error.to_string().replace('\n', " ")),
    };
    println!("database: {:?}", server.database());
    println!("ready: {}", server.url("postgres"));
    match task.as_str() {
        "panic" => panic!("asked to"),
        "exit" => std::process::exit(0), // no destructor runs
        "drop" => drop(server),
        _ => thread::sleep(Duration::from_mins(2)),
    }
}

#[test]
fn a_temporary_server_answers_and_leaves_nothing_when_dropped() -> Outcome {
    let server = Server::start()?;
    if server.database().is_some() {
        return Ok(()); // the tests were given a server
    }
    let url = server.url("postgres");
    assert_eq!(ask(&url, "select 1")?, "1");
    assert_eq!(ask(&url, "show max_connections")?, "200");
    assert_eq!(ask(&url, "show fsync")?, "off");
    assert_eq!(ask(&url, "show server_encoding")?, "UTF8");

    ask(&url, "create role clerk login")?;
    ask(&url, "create database \"a b\"")?;
    let clerk = server.url_as("clerk", "a b");
    assert_eq!(ask(&clerk, "select current_user || '@' || current_database()")?, "clerk@a b");

    let data = ask(&url, "show data_directory")?;
    let dir = data.strip_suffix("/data").ok_or("an unexpected place")?.to_owned();
    assert_ne!(scratch::processes_in(&dir)?, Vec::<String>::new());
    drop(server);
    assert_eq!(scratch::processes_in(&dir)?, Vec::<String>::new());
    assert!(!fs::exists(&dir)?);
    Ok(())
}

#[test]
fn two_starts_at_once_get_two_servers() -> Outcome {
    let scratch = Scratch::new("two")?;
    let mut processes = [other_process(&scratch)?.spawn()?, other_process(&scratch)?.spawn()?];
    let mut urls = Vec::new();
    for process in &mut processes {
        urls.push(wait_for("ready: ", process)?);
    }
    assert_ne!(urls[0], urls[1]);
    for (process, url) in processes.iter_mut().zip(&urls) {
        assert_eq!(ask(url, "select 1")?, "1");
        process.kill()?;
        process.wait()?;
    }
    scratch.is_left_empty()
}

#[test]
fn two_starts_at_once_in_one_process_get_two_servers() -> Outcome {
    let other = thread::spawn(|| {
        Server::start().map(|server| ask(&server.url("postgres"), "select 1").ok())
    });
    let server = Server::start()?;
    assert_eq!(ask(&server.url("postgres"), "select 1")?, "1");
    assert_eq!(other.join().map_err(|_| "a panic")??.as_deref(), Some("1"));
    Ok(())
}

#[test]
fn a_process_killed_while_it_starts_leaves_nothing() -> Outcome {
    // From before `initdb` to about where the server is ready.
    for milliseconds in [0, 5, 50, 300, 600, 700, 900] {
        let scratch = Scratch::new("killed")?;
        let mut process = other_process(&scratch)?.spawn()?;
        thread::sleep(Duration::from_millis(milliseconds));
        process.kill()?;
        process.wait()?;
        scratch.is_left_empty().map_err(|error| format!("after {milliseconds} ms: {error}"))?;
    }
    Ok(())
}

#[test]
fn a_process_killed_with_clients_connected_leaves_nothing() -> Outcome {
    let scratch = Scratch::new("busy")?;
    let mut process = other_process(&scratch)?.spawn()?;
    let url = wait_for("ready: ", &mut process)?;
    let client = thread::spawn(move || ask(&url, "select pg_sleep(60)").is_err());
    thread::sleep(Duration::from_millis(200));
    process.kill()?;
    process.wait()?;
    scratch.is_left_empty()?;
    assert!(client.join().map_err(|_| "a panic")?, "the client was cut off");
    Ok(())
}

#[test]
fn every_other_end_leaves_nothing_either() -> Outcome {
    for end in ["drop", "panic", "exit"] {
        let scratch = Scratch::new(end)?;
        let mut process = other_process(&scratch)?
            .env("DEVPG_OTHER_PROCESS", end)
            .stderr(Stdio::null())
            .spawn()?;
        wait_for("ready: ", &mut process)?;
        process.wait()?;
        scratch.is_left_empty().map_err(|error| format!("after {end}: {error}"))?;
    }
    Ok(())
}

#[test]
fn a_directory_without_postgresql_is_named_with_what_to_do() -> Outcome {
    let scratch = Scratch::new("none")?;
    let mut process = other_process(&scratch)?.env("PG_BIN_DIR", scratch.dir()).spawn()?;
    let said = wait_for("refused: ", &mut process)?;
    process.wait()?;
    let looked = format!("PG_BIN_DIR={}", scratch.dir().display());
    for part in
        [&looked, "apt-get", "brew", "docker compose up -d db", "DATABASE_URL=", "PG_BIN_DIR="]
    {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
    scratch.is_left_empty()
}

#[test]
fn database_url_is_used_and_nothing_is_started() -> Outcome {
    let scratch = Scratch::new("given")?;
    let mut process = other_process(&scratch)?
        .env("DATABASE_URL", "postgresql://ann:p%40w@db.example/crm?sslmode=require")
        .env("DEVPG_OTHER_PROCESS", "drop")
        .spawn()?;
    let said = wait_for("ready: ", &mut process)?;
    process.wait()?;
    assert_eq!(said, "postgresql://ann:p%40w@db.example/postgres?sslmode=require");
    scratch.is_left_empty()
}

#[test]
fn a_database_url_of_another_kind_is_refused_without_showing_it() -> Outcome {
    let scratch = Scratch::new("mysql")?;
    let mut process =
        other_process(&scratch)?.env("DATABASE_URL", "mysql://ann:secret@h/crm").spawn()?;
    let said = wait_for("refused: ", &mut process)?;
    process.wait()?;
    assert!(said.contains("DATABASE_URL is not of the form"), "{said}");
    assert!(!said.contains("secret"), "{said}");
    Ok(())
}

#[test]
fn a_persistent_server_is_started_once_and_keeps_its_data() -> Outcome {
    let scratch = Scratch::new("kept")?;
    let dir = scratch.dir().join("pg");
    let asked: Vec<_> = (0..3)
        .map(|_| {
            thread::spawn({
                let dir = dir.clone();
                move || devpg::persistent(&dir)
            })
        })
        .collect();
    let mut urls = Vec::new();
    for server in asked {
        urls.push(server.join().map_err(|_| "a panic")??.url("postgres"));
    }
    let outcome = kept(&urls, &dir);
    devpg::stop_persistent(&dir)?;
    devpg::stop_persistent(&dir)?; // not running is no error
    outcome?;
    fs::remove_dir_all(&dir)?;
    scratch.is_left_empty()
}

fn kept(urls: &[String], dir: &std::path::Path) -> Outcome {
    assert!(urls.iter().all(|url| *url == urls[0]), "{urls:?}");
    assert_eq!(ask(&urls[0], "show fsync")?, "on");
    ask(&urls[0], "create table kept as select 42 as answer")?;
    devpg::stop_persistent(dir)?;
    assert!(ask(&urls[0], "select 1").is_err());
    let server = devpg::persistent(dir)?;
    assert_eq!(ask(&server.url("postgres"), "select answer from kept")?, "42");
    drop(server);
    let server = devpg::persistent(dir)?;
    assert_eq!(ask(&server.url("postgres"), "select answer from kept")?, "42");
    Ok(())
}
