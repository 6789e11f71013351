//! Which account the server runs as: `initdb` and `postgres` refuse to run as root.

use std::fs;

/// An unprivileged account of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// What a machine without either account gets; the kernel needs no entry in `/etc/passwd`.
const OVERFLOW: Account = Account { uid: 65534, gid: 65534 };

/// The account to drop to: `postgres`, else `nobody`. `None` when we are not root, and so may stay
/// who we are.
pub(crate) fn to_drop_to() -> Option<Account> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    Some(named(&passwd, "postgres").or_else(|| named(&passwd, "nobody")).unwrap_or(OVERFLOW))
}

/// The user id that files of the server belong to.
pub(crate) fn owner() -> u32 {
    to_drop_to().map_or_else(|| rustix::process::geteuid().as_raw(), |account| account.uid)
}

fn named(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(name) {
            return None;
        }
        // The field between the name and the ids is the password's.
        Some(Account { uid: fields.nth(1)?.parse().ok()?, gid: fields.next()?.parse().ok()? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let passwd = "postgres-old:x:7:7::/:/bin/sh\npostgres:x:101:104:,,,:/var/lib:/bin/bash\n";
        assert_eq!(named(passwd, "postgres"), Some(Account { uid: 101, gid: 104 }));
        assert_eq!(named(passwd, "nobody"), None);
        assert_eq!(named("nobody:*:-2:-2::/:/usr/bin/false", "nobody"), None);
    }
}
