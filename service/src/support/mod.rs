//! What clients complain of, and what is done about it.

pub mod case;
