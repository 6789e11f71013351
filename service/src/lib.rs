#![doc = include_str!("lib.md")]
#![warn(missing_docs)]

mod claims;
pub mod compliance;
mod context;
pub mod customers;
mod db;
pub mod engine;
mod error;
pub mod feedback;

pub mod health;
mod input;
pub mod leads;
pub mod ledger;
pub mod outreach;

mod page;
pub mod sales;
pub mod support;
pub mod tenancy;
mod tx;

pub use entity;

pub use self::{
    claims::Claims,
    context::{Actor, Context},
    db::{Db, Options},
    error::{Error, Result},
    page::Page,
    tx::Tx,
};
