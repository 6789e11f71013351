//! A cluster that goes away with this process, however the process ends.
//!
//! A watchdog is started before anything else exists. It blocks on a pipe, the *lifeline*, whose
//! other end only we hold open: an exit, a panic, a static never dropped and SIGKILL all close it.
//! The server joins the watchdog's process group, so that one signal to the group ends it at any
//! stage, even before it has written down its process id. `initdb` stays outside and is let finish,
//! because it leaves shared memory behind when a signal ends it. All of them, the server's children
//! included, inherit one end of a second pipe, so that the watchdog sees the last of them go before
//! it removes the files: nobody can write them anew.
//!
//! A process we are about to start when we are killed is no gap: between `fork` and `exec` it has
//! our end of the lifeline, and `exec`, which closes it, comes after joining the group.

use std::{
    env,
    ffi::OsStr,
    fs::DirBuilder,
    io::{self, PipeWriter},
    os::unix::{
        fs::{DirBuilderExt, chown},
        process::CommandExt,
    },
    path,
    process::{self, Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rustix::process::Pid;

use crate::{
    Error, account,
    cluster::{self, Cluster},
};

/// Given the directory. Its standard input is the lifeline; its standard output, for want of a
/// better place for a second pipe to read, is the one that the server's processes hold open.
/// Nothing is ever written to either, so `read` returns at the end only. QUIT has a postmaster leave
/// at once and not wait for its clients.
const WATCHDOG: &str = r#"
trap '' HUP INT QUIT TERM
read -r end
kill -s QUIT 0
read -r end <&1
rm -rf "$1"
"#;

/// Given the log, a program and its arguments: keeps the second pipe, which comes as standard
/// output, as descriptor 3, for neither `initdb` nor `postgres` closes or redirects that.
const HOLDING_THE_PIPE: &str = r#"exec 3>&1 >>"$0" 2>&1; exec "$@""#;

/// What is safe to do without in a server whose files nobody reads again.
const THROWAWAY: [&str; 5] = [
    "--fsync=off",
    "--synchronous_commit=off",
    "--full_page_writes=off",
    "--wal_level=minimal",
    "--max_wal_senders=0",
];

/// A running server that dropping this ends.
pub(crate) struct Temporary {
    cluster: Cluster,
    watchdog: Child,
    /// Our copy of the second pipe's writing end.
    held: Option<PipeWriter>,
    postmaster: Option<Child>,
}

impl Temporary {
    /// A new cluster below the temp directory, and the port its server listens on.
    pub(crate) fn start() -> Result<(Temporary, u16), Error> {
        // `TMPDIR` may be relative, and the watchdog works in another directory.
        let cluster = Cluster::at(path::absolute(env::temp_dir())?.join(unique_name()))?;
        let (gone, held) = io::pipe()?;
        let watchdog = Command::new("/bin/sh")
            .args(["-c", WATCHDOG, "devpg-watchdog"])
            .arg(&cluster.dir)
            .current_dir("/")
            .process_group(0) // out of reach of Ctrl-C, which reaches us and so the lifeline
            .stdin(Stdio::piped())
            .stdout(gone)
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Temporary { cluster, watchdog, held: Some(held), postmaster: None };

        DirBuilder::new().mode(0o700).create(&server.cluster.dir)?;
        if let Some(account) = account::to_drop_to() {
            chown(&server.cluster.dir, Some(account.uid), Some(account.gid))?;
        }
        server.initdb()?;
        let started = server.cluster.on_free_port(|port| server.listen(port));
        let (postmaster, port) = started?;
        server.postmaster = Some(postmaster);
        Ok((server, port))
    }

    fn initdb(&self) -> Result<(), Error> {
        let data = self.cluster.data();
        for locale in cluster::LOCALES {
            let mut arguments = cluster::initdb_arguments(&data, locale);
            // Without waiting for the disk: that is three of its four seconds.
            arguments.push("--no-sync".into());
            let mut initdb = self.command("initdb", arguments)?;
            let initdb = initdb.spawn().map_err(|error| self.cluster.not_run("initdb", &error));
            if initdb?.wait()?.success() {
                return Ok(());
            }
        }
        Err(self.cluster.failure("initdb", ""))
    }

    /// Runs `postgres` itself and not `pg_ctl`, which would put it into a session of its own.
    fn listen(&self, port: u16) -> Result<(Child, u16), Error> {
        let mut arguments = vec!["-D".to_owned(), "data".to_owned()];
        arguments.extend(cluster::settings(port));
        arguments.extend(THROWAWAY.map(Into::into));
        let mut postgres = self.command("postgres", arguments)?;
        postgres.process_group(Pid::from_child(&self.watchdog).as_raw_pid());
        let postgres = postgres.spawn().map_err(|error| self.cluster.not_run("postgres", &error));
        let mut postmaster = postgres?;
        let asked = Instant::now();
        while asked.elapsed() < cluster::PATIENCE {
            if let Some(port) = self.cluster.ready_port() {
                return Ok((postmaster, port));
            }
            if let Some(status) = postmaster.try_wait()? {
                return Err(self.cluster.failure("postgres", &format!("{status}\n")));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err(self.cluster.failure("postgres", "not ready after a minute\n"))
    }

    /// A program that holds the second pipe open, and so keeps the files from being removed.
    fn command<A: AsRef<OsStr>>(
        &self,
        program: &str,
        arguments: impl IntoIterator<Item = A>,
    ) -> io::Result<Command> {
        let held = self.held.as_ref().map(PipeWriter::try_clone).transpose()?;
        let mut command = self.cluster.command("/bin/sh");
        command.args(["-c", HOLDING_THE_PIPE]).arg(self.cluster.log());
        command.arg(self.cluster.program(program)).args(arguments);
        command.stdin(Stdio::null()).stderr(Stdio::null());
        command.stdout(held.map_or_else(Stdio::null, Stdio::from));
        Ok(command)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        drop(self.held.take()); // or the watchdog would wait for us
        let _ = self.watchdog.wait(); // closes the lifeline first
        if let Some(mut postmaster) = self.postmaster.take() {
            let _ = postmaster.wait(); // it has ended, and is not to stay a zombie
        }
    }
}

/// A name that no other start uses, in this process or in another.
fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.subsec_nanos());
    format!("devpg-{}-{count}-{nanos:08x}", process::id())
}
