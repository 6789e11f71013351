//! The address of a server, taken apart just enough to name another database or role in it.
//!
//! What is not asked for stays as it was written: several hosts, IPv6, sockets and options such as
//! `sslmode` mean what they meant before.

use std::fmt::Write;

/// A `postgres://` address in its parts.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Url {
    scheme: String,
    /// As written, percent-encoded.
    user: Option<String>,
    /// As written, percent-encoded; may be there without a user.
    password: Option<String>,
    /// Everything between the login and the path, ports included; may be empty.
    hosts: String,
    /// Decoded, so that it can be compared with a name and named again.
    database: Option<String>,
    /// The options other than `user` and `dbname`, without the question mark.
    query: String,
}

impl Url {
    /// The address of a server of ours, which listens on loopback only and asks for no password.
    pub(crate) fn local(port: u16) -> Url {
        Url {
            scheme: "postgres".into(),
            user: Some("postgres".into()),
            password: None,
            hosts: format!("127.0.0.1:{port}"),
            database: None,
            query: String::new(),
        }
    }

    /// `None` unless the text is a `postgres://` or `postgresql://` address.
    pub(crate) fn parse(text: &str) -> Option<Url> {
        let (scheme, rest) = text.split_once("://")?;
        if !matches!(scheme, "postgres" | "postgresql") {
            return None;
        }
        let (rest, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        // The last @, because people do leave one unencoded in a password.
        let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, Some(password.to_owned())),
            None => (login, None),
        };
        let mut url = Url {
            scheme: scheme.into(),
            user: Some(user.to_owned()).filter(|user| !user.is_empty()),
            password,
            hosts: hosts.into(),
            database: Some(decode(path)?).filter(|database| !database.is_empty()),
            query: String::new(),
        };
        // Drivers let these two options win over the rest of the address. Left in the query they
        // would win over the database and the role we are asked for, too.
        for option in options.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("dbname", name)) => url.database = Some(decode(name)?),
                Some(("user", name)) => url.user = Some(name.into()),
                _ => {
                    let separator = if url.query.is_empty() { "" } else { "&" };
                    url.query.push_str(separator);
                    url.query.push_str(option);
                }
            }
        }
        Some(url)
    }

    pub(crate) fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// This address with another database, and another role unless `None`.
    pub(crate) fn with(&self, role: Option<&str>, database: &str) -> String {
        let Url { scheme, user, password, hosts, query, .. } = self;
        let user = role.map(encode).or_else(|| user.clone());
        let login = match (user, password) {
            (user, Some(password)) => format!("{}:{password}@", user.unwrap_or_default()),
            (Some(user), None) => format!("{user}@"),
            (None, None) => String::new(),
        };
        let question_mark = if query.is_empty() { "" } else { "?" };
        format!("{scheme}://{login}{hosts}/{}{question_mark}{query}", encode(database))
    }
}

/// Percent-encodes all but the characters that mean themselves anywhere in an address.
fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// `None` for a percent sign without two hexadecimal digits, and for what is not UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            decoded.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests;
