//! A private, real PostgreSQL server for development and tests, from whatever PostgreSQL is
//! installed.
//!
//! ```no_run
//! # fn main() -> Result<(), devpg::Error> {
//! let server = devpg::Server::start()?;
//! println!("psql {}", server.url("postgres"));
//! # Ok(())
//! # }
//! ```
//!
//! The server is `DATABASE_URL`'s if that is set. Otherwise it is a new one, ready in less than a
//! second, and gone with its files when the process ends in any way, SIGKILL included. As root it
//! runs as `postgres`, else as `nobody`. Authentication is `trust`, on loopback: every account of
//! this machine may connect, so it is nothing for data that matters.

#[cfg(not(unix))]
compile_error!("devpg relies on process groups and pipes as Unix has them");

mod account;
mod cluster;
mod discover;
mod error;
mod persistent;
mod temporary;
mod url;

use std::{env, fmt, io};

pub use discover::find_bin_dir;
pub use error::Error;
pub use persistent::{default_dir, persistent, stop_persistent};

use temporary::Temporary;
use url::Url;

/// A server that answers. Dropping it ends it if it was started for this process alone.
pub struct Server {
    url: Url,
    temporary: Option<Temporary>,
}

impl Server {
    /// `DATABASE_URL`'s server if that is set, otherwise a temporary one of our own.
    ///
    /// The temporary server gives up durability for speed. It ends when this is dropped or the
    /// process ends, so that a server kept in a static is no leak.
    ///
    /// # Errors
    /// [`Error::NotFound`] without a PostgreSQL; [`Error::Command`] if it does not start;
    /// [`Error::Io`] if `DATABASE_URL` is not a `postgres://` address.
    pub fn start() -> Result<Server, Error> {
        if let Some(address) = env::var_os("DATABASE_URL").filter(|address| !address.is_empty()) {
            // The address is left out of the message, because it may hold a password.
            let why = "DATABASE_URL is not of the form postgres://user:password@host:port/database";
            let url = address.to_str().and_then(Url::parse);
            let url = url.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, why))?;
            return Ok(Server::at(url));
        }
        let (temporary, port) = Temporary::start()?;
        Ok(Server { url: Url::local(port), temporary: Some(temporary) })
    }

    fn at(url: Url) -> Server {
        Server { url, temporary: None }
    }

    /// The administrator's address of a database on this server.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.url.with(None, database)
    }

    /// The address of a database for a role, with the administrator's password if there is one.
    #[must_use]
    pub fn url_as(&self, role: &str, database: &str) -> String {
        self.url.with(Some(role), database)
    }

    /// The database that `DATABASE_URL` names; `None` for a server of our own.
    #[must_use]
    pub fn database(&self) -> Option<&str> {
        self.url.database()
    }
}

impl fmt::Debug for Server {
    /// Without the address, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("database", &self.database())
            .field("temporary", &self.temporary.is_some())
            .finish_non_exhaustive()
    }
}
