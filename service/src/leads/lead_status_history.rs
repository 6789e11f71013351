//! What the statuses that leads went through tell: how far they come, how long it takes, and who
//! brings them there.

mod activity;
mod funnel;

pub use entity::leads::lead_status_history::{Model, Trigger};

pub use self::{
    activity::{Active, Activity, activity},
    funnel::{Funnel, STAGES, Stage, Window, funnel},
};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{activity::ACTIVITY, funnel::FUNNEL};
}
