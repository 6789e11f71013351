//! What clients complain of.

pub mod case;
pub mod case_counter;
