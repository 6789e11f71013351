//! What the statuses that leads went through tell.

mod activity;
mod funnel;
mod sql;
