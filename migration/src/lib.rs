//! The history of the schema, oldest first, and what derives, applies and checks it.
//!
//! An entity file says what a table is; [`make`](derive::make) writes the migration between the
//! history and the entities for a person to read; [`check`](derive::check) holds the two equal. A
//! migration that has landed is never edited, which its checksum in `history.lock` sees to.

mod alter;
pub mod catalog;
pub mod citus;
mod ddl;
pub mod derive;
pub mod diagram;
pub mod diff;
mod history;
mod migrator;
mod order;
pub mod run;
pub mod scratch;
mod wording;

pub use history::{Entry, HISTORY};
pub use migrator::Migrator;
pub use sea_orm_migration::MigratorTrait;
