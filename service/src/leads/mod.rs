//! People who may become customers: found, won, and let go.

pub mod lead;
