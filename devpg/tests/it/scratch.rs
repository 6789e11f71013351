//! A temp directory of a test's own, in which whatever a killed process leaves can be seen.

use std::{
    env, error, fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{self, Command},
    thread,
    time::{Duration, Instant},
};

pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> io::Result<Scratch> {
        let nanos = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos());
        let dir = env::temp_dir().join(format!("scratch-{name}-{}-{nanos:x}", process::id()));
        fs::create_dir(&dir)?;
        // The account that the server runs as must be able to pass.
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755))?;
        Ok(Scratch(fs::canonicalize(dir)?))
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.0
    }

    /// That within 20 seconds no process and no file is left, which then holds for good.
    pub(crate) fn is_left_empty(&self) -> Result<(), Box<dyn error::Error>> {
        let asked = Instant::now();
        loop {
            let files = fs::read_dir(&self.0)?.collect::<Result<Vec<_>, _>>()?;
            let processes = processes_in(&self.0.to_string_lossy())?;
            if files.is_empty() && processes.is_empty() {
                return Ok(());
            }
            if asked.elapsed() > Duration::from_secs(20) {
                return Err(format!("left: {files:?} {processes:?}").into());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Not with what is in it: a failed test leaves its log to be read.
        let _ = fs::remove_dir(&self.0);
    }
}

/// The processes that have the directory in their command line, or work in it: a server's children
/// have command lines that do not name it.
pub(crate) fn processes_in(dir: &str) -> io::Result<Vec<String>> {
    let listed = Command::new("ps").args(["-A", "-ww", "-o", "pid=,args="]).output()?;
    let listed = String::from_utf8_lossy(&listed.stdout);
    let mut found: Vec<_> =
        listed.lines().filter(|line| line.contains(dir)).map(str::to_owned).collect();
    // There is no /proc on a Mac, where the command lines must do.
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        if let Ok(place) = fs::read_link(process.path().join("cwd"))
            && place.to_string_lossy().starts_with(dir)
        {
            found.push(format!("{} in {}", process.path().display(), place.display()));
        }
    }
    Ok(found)
}
