//! Where PostgreSQL is installed.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::Error;

/// What we run. `psql` is no part of it: some packages have the server alone.
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// Where packages put versions beside each other, as parent, prefix of the entry, and the rest.
const PLACES: [(&str, &str, &str); 8] = [
    ("/usr/lib/postgresql", "", "bin"),         // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                  // Fedora, RHEL from postgresql.org
    ("/usr/libexec", "postgresql", ""),         // Alpine
    ("/opt/homebrew/opt", "postgresql", "bin"), // Homebrew on Apple silicon
    ("/usr/local/opt", "postgresql", "bin"),    // Homebrew on Intel
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ("/opt/local/lib", "postgresql", "bin"), // MacPorts
    ("/usr/local", "pgsql", "bin"),          // make install
];

/// The directory with `initdb`, `pg_ctl` and `postgres`.
///
/// Looks at `PG_BIN_DIR`, which alone counts if it is set; then for `initdb` on `PATH`; then asks
/// `pg_config`; then takes the highest version in the places where packages put it.
///
/// # Errors
/// [`Error::NotFound`], which names the places and the ways to install PostgreSQL.
pub fn find_bin_dir() -> Result<PathBuf, Error> {
    if let Some(dir) = env::var_os("PG_BIN_DIR").filter(|dir| !dir.is_empty()) {
        // Absolute, because the programs are run inside another directory.
        return fs::canonicalize(&dir).ok().filter(|dir| is_complete(dir)).ok_or_else(|| {
            let dir = Path::new(&dir).display();
            Error::NotFound { looked: format!("PG_BIN_DIR={dir} (needs {})", PROGRAMS.join(", ")) }
        });
    }
    on_path().or_else(told_by_pg_config).or_else(highest_packaged).ok_or_else(|| {
        let places = PLACES.map(|(parent, prefix, rest)| match rest {
            "" => format!("{parent}/{prefix}*"),
            _ => format!("{parent}/{prefix}*/{rest}"),
        });
        Error::NotFound { looked: format!("$PATH, pg_config, {}", places.join(", ")) }
    })
}

fn is_complete(dir: &Path) -> bool {
    PROGRAMS.iter().all(|program| dir.join(program).is_file())
}

fn on_path() -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).find_map(|dir| {
        // An `initdb` on the path is often a single link into the real installation.
        let real = fs::canonicalize(dir.join("initdb")).ok()?;
        real.parent().filter(|dir| is_complete(dir)).map(Path::to_path_buf)
    })
}

fn told_by_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let dir = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    // Client packages have a `pg_config` that names a directory without a server.
    is_complete(&dir).then_some(dir)
}

fn highest_packaged() -> Option<PathBuf> {
    let found = PLACES.iter().flat_map(|(parent, prefix, rest)| {
        fs::read_dir(parent).into_iter().flatten().flatten().filter_map(move |entry| {
            let name = entry.file_name().into_string().ok()?;
            let dir = entry.path().join(rest);
            (name.starts_with(prefix) && is_complete(&dir)).then(|| (major_version(&name), dir))
        })
    });
    found.max().map(|(_, dir)| dir)
}

/// The first number in the name of a version's directory; 0 for `latest` and the like.
fn major_version(name: &str) -> u32 {
    let from_digit = name.trim_start_matches(|c: char| !c.is_ascii_digit());
    from_digit.split(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::major_version;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(major_version("9.6"), 9);
        assert_eq!(major_version("pgsql-15"), 15);
        assert_eq!(major_version("postgresql@17"), 17);
        assert_eq!(major_version("latest"), 0);
    }
}
