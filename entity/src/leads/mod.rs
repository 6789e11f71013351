//! Who may become a customer, and what is done about it.

pub mod system_config;
pub mod system_config_history;
