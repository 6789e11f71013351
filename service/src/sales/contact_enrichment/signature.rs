//! What somebody wrote under their message about themselves.
//!
//! Every step looks at each character a fixed number of times, so that no message takes long.

mod line;
mod number;
mod quoted;
mod role;
mod web;

use entity::{email::Email, phone::Phone};
use serde::Serialize;

pub use self::role::Role;
use self::{line::Lines, quoted::unquoted};
use super::Found;

/// How much of a message is looked at: its last so many characters (seed 002).
pub const MOST_CHARACTERS: usize = 10_000;
/// Where nothing says where the signature starts: its last so many characters (seed 002).
pub const OTHERWISE_CHARACTERS: usize = 500;

/// What a signature says. What it does not say is null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Signature {
    /// Whether a separator or a closing formula stands before it. What else is taken for a signature
    /// may be of the message, and about anybody: it is for a person to decide.
    pub marked: bool,
    /// Who wrote, in letters of whatever script.
    pub name: Option<String>,
    /// What they are.
    pub title: Option<String>,
    /// What that means for a sale; null: there is no title.
    pub role: Option<Role>,
    /// Where they work.
    pub company: Option<String>,
    /// The first number that is not called mobile.
    pub phone: Option<Phone>,
    /// The first number that is called mobile; where none is, the second number.
    pub mobile: Option<Phone>,
    /// The first address.
    pub email: Option<Email>,
    /// Their profile: `https://www.linkedin.com/in/` and the name that they have there.
    pub linkedin_url: Option<String>,
    /// Their handle, without the `@`.
    pub twitter: Option<String>,
    /// The first site that is no social network's, as it was written.
    pub website: Option<String>,
}

impl From<Signature> for Found {
    fn from(signature: Signature) -> Self {
        Self {
            name: signature.name,
            title: signature.title,
            company: signature.company,
            phone: signature.phone,
            mobile: signature.mobile,
            email: signature.email,
            linkedin_url: signature.linkedin_url,
            twitter: signature.twitter,
            website: signature.website,
            ..Self::default()
        }
    }
}

/// What the writer of a message wrote themselves: without what they quoted, without control
/// characters, and only the last [`MOST_CHARACTERS`].
#[must_use]
pub fn own(text: &str) -> String {
    let text = unquoted(text);
    tail(&text, MOST_CHARACTERS).trim_start().to_owned()
}

/// Reads the signature of a message.
///
/// It starts after the last line that is a separator or a closing formula and has something after it;
/// else after the last three line ends in a row; else it is the last 500 characters, and of neither
/// it is [said](Signature::marked) that it is one: a title is read there only after a label. It ends
/// before a postscript. Numbers that say no country are read as dialled from `region` (`US`).
#[must_use]
pub fn parse(text: &str, region: &str) -> Signature {
    let own = own(text);
    let lines = Lines::of(&own);
    let (phone, mobile) = number::numbers(&lines.all, region);
    let title = role::title(&lines);
    Signature {
        marked: lines.marked,
        name: lines.name(),
        role: title.as_deref().map(Role::of),
        title,
        company: role::company(&lines),
        phone,
        mobile,
        email: web::email(&lines.all),
        linkedin_url: web::linkedin(&lines.all),
        twitter: web::twitter(&lines.all),
        website: web::website(&lines.all),
    }
}

/// The last so many characters.
fn tail(text: &str, most: usize) -> &str {
    let start = text.char_indices().rev().nth(most.saturating_sub(1)).map_or(0, |(at, _)| at);
    text.get(start..).unwrap_or(text)
}
