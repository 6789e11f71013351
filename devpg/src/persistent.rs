//! A server that outlives the process which started it, for the program one works on.

use std::{
    env,
    ffi::OsStr,
    fs::{self, File, Metadata, OpenOptions},
    io,
    net::{Ipv4Addr, TcpStream},
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    Error, Server, account,
    cluster::{self, Cluster},
    url::Url,
};

/// A private server that outlives this process, with its files in `dir`.
///
/// It is started only if it is not running, and made if it is not there; several processes may ask
/// at once. It is durable, unlike [`Server::start`]'s. `DATABASE_URL` plays no part. Authentication
/// is `trust`, on loopback: every account of this machine may connect.
///
/// # Errors
/// [`Error::NotFound`] without a PostgreSQL; [`Error::Io`] if `dir` cannot be made or belongs to
/// somebody else; [`Error::Command`] if the server does not start.
pub fn persistent(dir: &Path) -> Result<Server, Error> {
    let (cluster, lock) = locked(dir)?;
    if !cluster.data().exists() {
        initdb(&cluster, &lock)?;
    }
    let port = match running_port(&cluster)? {
        Some(port) => port,
        None => start(&cluster, &lock)?,
    };
    Ok(Server::at(Url::local(port)))
}

/// Stops the server of [`persistent`] and keeps its files; no error if it does not run.
///
/// # Errors
/// As [`persistent`].
pub fn stop_persistent(dir: &Path) -> Result<(), Error> {
    if !dir.join("data").exists() {
        return Ok(());
    }
    let (cluster, lock) = locked(dir)?;
    if !is_running(&cluster)? {
        return Ok(());
    }
    run(&cluster, "pg_ctl stop", pg_ctl(&cluster).args(["-m", "fast", "-w", "stop"]), &lock)
}

/// Where to keep a developer's server: `keel-pg` in `$XDG_DATA_HOME` or `~/.local/share`.
///
/// As root it is below the temp directory, because the account that the server runs as cannot
/// reach `/root`.
#[must_use]
pub fn default_dir() -> PathBuf {
    let home = || Some(env::home_dir().filter(|home| home.is_absolute())?.join(".local/share"));
    // The XDG specification has relative paths ignored.
    let data = env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let parent = if account::to_drop_to().is_some() { None } else { data.or_else(home) };
    parent.unwrap_or_else(env::temp_dir).join("keel-pg")
}

/// The cluster in `dir`, which nobody else starts or stops while the file is open.
fn locked(dir: &Path) -> Result<(Cluster, File), Error> {
    fs::create_dir_all(dir)?;
    // Below a shared temp directory somebody else may have made it, or have laid a link there.
    refuse_unless_ours(dir, &fs::symlink_metadata(dir)?)?;
    refuse_unless_ours(dir, &fs::metadata(dir)?)?;
    let cluster = Cluster::at(fs::canonicalize(dir)?)?;
    let path = cluster.dir.join("lock");
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    lock.lock()?;
    if let Some(account) = account::to_drop_to() {
        // As root: `postgres` gets a directory that has nothing in it but the lock, and no other.
        if fs::read_dir(&cluster.dir)?.nth(1).is_none() {
            chown(&cluster.dir, Some(account.uid), Some(account.gid))?;
        }
    }
    Ok((cluster, lock))
}

fn refuse_unless_ours(dir: &Path, found: &Metadata) -> io::Result<()> {
    let (dir, found, wanted) = (dir.display(), found.uid(), account::owner());
    if found == wanted || found == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    let why = format!("{dir} belongs to user {found} and not to user {wanted}");
    Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
}

/// Makes the data beside its place and moves it there when it is whole, so that an `initdb` cut
/// short is never taken for a cluster.
fn initdb(cluster: &Cluster, lock: &File) -> Result<(), Error> {
    let unfinished = cluster.dir.join("data.new");
    let mut outcome = Ok(());
    for locale in cluster::LOCALES {
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)?;
        }
        let mut command = cluster.command(cluster.program("initdb"));
        command.args(cluster::initdb_arguments(&unfinished, locale));
        outcome = run(cluster, "initdb", &mut command, lock);
        if outcome.is_ok() {
            fs::rename(&unfinished, cluster.data())?;
            break;
        }
    }
    outcome
}

fn start(cluster: &Cluster, lock: &File) -> Result<u16, Error> {
    cluster.on_free_port(|port| {
        let mut command = pg_ctl(cluster);
        command.args(["-w", "-t"]).arg(cluster::PATIENCE.as_secs().to_string());
        command.arg("-l").arg(cluster.log());
        command.args(["-o", &cluster::settings(port).join(" "), "start"]);
        run(cluster, "pg_ctl start", &mut command, lock).map(|()| port)
    })
}

/// The port of the running server, after waiting for one that is starting or stopping.
fn running_port(cluster: &Cluster) -> Result<Option<u16>, Error> {
    let asked = Instant::now();
    while is_running(cluster)? {
        let port = cluster.ready_port();
        // The file outlives a server that was killed, and then names a process that is about to
        // go, or, after a crash of the machine, one that has nothing to do with it.
        if port.is_some_and(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()) {
            return Ok(port);
        }
        if asked.elapsed() > cluster::PATIENCE {
            let file = cluster.data().join("postmaster.pid");
            let said = format!(
                "no answer for a minute from the process in {}; remove the file if that is not \
                 postgres\n",
                file.display()
            );
            return Err(cluster.failure("pg_ctl status", &said));
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(None)
}

fn is_running(cluster: &Cluster) -> Result<bool, Error> {
    let mut command = pg_ctl(cluster);
    command.arg("status").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().map_err(|error| cluster.not_run("pg_ctl status", &error))?;
    Ok(status.success())
}

fn pg_ctl(cluster: &Cluster) -> Command {
    let mut command = cluster.command(cluster.program("pg_ctl"));
    command.args([OsStr::new("-D"), cluster.data().as_os_str()]);
    command
}

/// Runs the command with the lock as its standard input: should we be killed, the lock is held
/// until the command, too, has ended. `pg_ctl` gives the server another standard input.
fn run(
    cluster: &Cluster,
    what: &'static str,
    command: &mut Command,
    lock: &File,
) -> Result<(), Error> {
    let output = command.stdin(lock.try_clone()?).output();
    let output = output.map_err(|error| cluster.not_run(what, &error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stderr, output.stdout].concat();
    Err(cluster.failure(what, &String::from_utf8_lossy(&said)))
}
