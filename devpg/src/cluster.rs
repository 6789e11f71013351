//! A cluster's directory and the programs that work on it: what a temporary and a persistent
//! server have in common.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    net::{Ipv4Addr, TcpListener},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{Error, account, find_bin_dir};

/// How many ports to try when another process is faster to use the one that was free.
const PORTS_TO_TRY: u32 = 5;
/// How long a server may take to start; recovery after a crash is part of it.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// Tried in turn: `C.UTF-8` knows upper and lower case beyond ASCII, but older Macs do not have it.
pub(crate) const LOCALES: [&str; 2] = ["--locale=C.UTF-8", "--no-locale"];

const SETTINGS: [&str; 4] = [
    "--listen_addresses=127.0.0.1",
    "--unix_socket_directories=",
    "--max_connections=200",
    "--timezone=UTC",
];

/// One cluster: its files, and the installation it is run with.
pub(crate) struct Cluster {
    pub(crate) dir: PathBuf,
    bin: PathBuf,
}

impl Cluster {
    /// Nothing is made in `dir` yet, which must be absolute.
    pub(crate) fn at(dir: PathBuf) -> Result<Cluster, Error> {
        Ok(Cluster { dir, bin: find_bin_dir()? })
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.dir.join("log")
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// A command in the cluster's directory, as the account the server runs as, out of reach of a
    /// Ctrl-C that is meant for us, and not led astray by the environment.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.dir).process_group(0);
        command.env("LC_ALL", "C").env_remove("PGDATA");
        // Dropping the user id as root, std drops the supplementary groups as well.
        if let Some(account) = account::to_drop_to() {
            command.uid(account.uid).gid(account.gid);
        }
        command
    }

    /// The port of the server that has written itself down as ready in `postmaster.pid`.
    pub(crate) fn ready_port(&self) -> Option<u16> {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        let mut lines = text.lines().map(str::trim);
        let port = lines.nth(3)?.parse().ok()?;
        (lines.nth(3)? == "ready").then_some(port)
    }

    /// Starts on a port that is free now, and on another if somebody took it in the meantime. Any
    /// other failure would only be repeated.
    pub(crate) fn on_free_port<T>(
        &self,
        start: impl Fn(u16) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut ports = 1;
        loop {
            match start(free_port()?) {
                Err(_) if ports < PORTS_TO_TRY && self.port_was_taken() => ports += 1,
                outcome => return outcome,
            }
        }
    }

    fn port_was_taken(&self) -> bool {
        self.end_of_log().contains("could not bind")
    }

    /// That the program failed, with what it said and with the end of the log.
    pub(crate) fn failure(&self, what: &'static str, said: &str) -> Error {
        Error::Command { what, detail: format!("{said}{}", self.end_of_log()) }
    }

    /// That the program could not be run at all: most often the account cannot reach a directory.
    pub(crate) fn not_run(&self, what: &'static str, error: &io::Error) -> Error {
        let (bin, dir, uid) = (self.bin.display(), self.dir.display(), account::owner());
        let detail = format!("{error} (user {uid} must be able to reach {bin} and {dir})");
        Error::Command { what, detail }
    }

    fn end_of_log(&self) -> String {
        let log = fs::read(self.log()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}

/// `initdb`'s arguments. Authentication is `trust`: the server listens on loopback only.
pub(crate) fn initdb_arguments(data: &Path, locale: &str) -> Vec<OsString> {
    let mut arguments = vec![OsString::from("-D"), data.into(), locale.into()];
    arguments.extend(["--username=postgres", "--auth=trust", "--encoding=UTF8"].map(Into::into));
    arguments
}

/// The server's settings. No Unix socket: its path would be too long below some temp directories.
pub(crate) fn settings(port: u16) -> Vec<String> {
    let mut settings = vec![format!("--port={port}")];
    settings.extend(SETTINGS.map(Into::into));
    settings
}

/// A port that is free now.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
