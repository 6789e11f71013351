//! Leads on their way through sequences.
