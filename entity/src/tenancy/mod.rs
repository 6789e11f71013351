//! Who our tenants are, and who works for them.

pub mod tenant;
pub mod user;
pub mod user_absence;
