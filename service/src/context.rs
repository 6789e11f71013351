//! Who asks, for which tenant, and when.

use chrono::{DateTime, Datelike, Utc};
use entity::id::{TenantId, UserId};

use crate::{Error, Result};

/// Who asks, for which tenant, and when. Nothing here has a default: whoever calls must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Whose rows are meant.
    pub tenant: TenantId,
    /// Who does it, for the records.
    pub actor: Actor,
    /// The time that it is taken to be, throughout. Any time will do: asking for tomorrow's is how
    /// a dry run is made.
    pub now: DateTime<Utc>,
}

/// Who does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    User(UserId),
    /// A program, by its name.
    System(&'static str),
}

impl Context {
    /// The person who does it, if it is one.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        match self.actor {
            Actor::User(id) => Some(id),
            Actor::System(_) => None,
        }
    }

    /// Whether the time is one that a calendar and the database have in common.
    pub(crate) fn check(&self) -> Result<()> {
        if (1970..=9999).contains(&self.now.year()) {
            Ok(())
        } else {
            Err(Error::invalid("now", "must be in the years 1970 to 9999"))
        }
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::System(name) => write!(f, "system:{name}"),
        }
    }
}
