//! Files of leads: tables, workbooks, JSON and mails, whoever wrote them, become leads as a whole or
//! not at all, and each row says what became of it.

mod block;
mod candidate;
mod json;
mod mapping;
mod outcome;
mod read;
mod record;
mod revert;
mod sheet;
mod sort;
mod table;
mod text;
mod value;
mod work;
mod write;

pub use entity::leads::{
    lead_import::{Format, Model, Status},
    lead_import_row::{self, Kept, Outcome, Warning},
};

pub use self::{
    candidate::{Candidate, Reason},
    mapping::{DateOrder, Field, Mapping},
    outcome::{After, List, Told, forget_values, get, list, outcomes},
    read::{File, Locale, MOST_BYTES, Refused, Row, Rows, parse},
    revert::revert,
    sort::Counts,
    work::{Ask, Done, Preview, Progress, Seen, import, preview},
};

#[doc(hidden)]
pub mod queries {
    //! The texts of the queries, for the tests that ask Postgres how it would answer them.
    pub use super::{
        outcome::{FORGET, list_query, outcomes_query},
        revert::{EDITED, MADE, REMOVE},
        sort::{HAVING_EMAILS, HAVING_PHONES},
    };
}
