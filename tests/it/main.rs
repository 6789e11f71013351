//! One binary for all of them, laid out as the service is.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod compliance;
mod customers;
mod db;
mod defects;
mod diff;
mod engine;
mod feedback;
mod health;
mod house;
mod isolation;
mod leads;
mod ledger;
mod migrating;
mod outreach;
mod plan;
mod round_trips;
mod rules;
mod sales;
mod schema;
mod seed_queries;
mod support;
mod tenancy;
