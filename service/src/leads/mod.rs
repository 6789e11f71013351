//! Who may become a customer, and what is done about it.

pub mod system_config;
