//! The tables, one file each, grouped by the part of the business they belong to.
//!
//! An entity file states all of its table: the `Model` says columns, keys and references, the
//! [`TableSpec`](schema::TableSpec) beside it says CHECKs, indexes and what the application may do
//! with the rows. Migrations are derived from the two (`cargo run -p migration -- make`), and a
//! test holds them equal ever after.

pub mod compliance;
pub mod customers;
pub mod email;
pub mod engine;
pub mod feedback;
pub mod health;
pub mod id;
pub mod leads;
pub mod ledger;
pub mod outreach;
pub mod phone;
pub mod sales;
pub mod schema;
pub mod scope;
pub mod support;
pub mod tenancy;
pub mod zone;
