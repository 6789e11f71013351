//! What can go wrong between asking for a server and having one.

use std::{fmt, io};

/// Why there is no server.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// No installation of PostgreSQL was found; the message says what to do about it.
    NotFound {
        /// The places that were searched, for the reader of the message.
        looked: String,
    },
    /// A program of PostgreSQL failed, or could not be run.
    Command {
        /// The program, such as `initdb`.
        what: &'static str,
        /// What it said, and the end of the server's log.
        detail: String,
    },
    /// The system refused something, or `DATABASE_URL` is not an address we can read.
    Io(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotFound { looked } => write!(
                f,
                "DATABASE_URL is not set and no PostgreSQL server binaries were found.\n\
                 Looked at: {looked}\n\
                 Either  apt-get install postgresql  |  brew install postgresql@17  |  \
                 docker compose up -d db\n\
                 or set DATABASE_URL=postgres://... or PG_BIN_DIR=/path/to/bin"
            ),
            Error::Command { what, detail } => write!(f, "{what} failed: {}", detail.trim_end()),
            Error::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // `Display` already shows the inner error, so its own cause comes next.
        match self {
            Error::Io(error) => error.source(),
            Error::NotFound { .. } | Error::Command { .. } => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Io(error)
    }
}
