//! Who buys.

pub mod customer;
