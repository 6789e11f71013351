//! What ends when a lead is no longer to be won.

use entity::id::LeadId;

use super::Status;
use crate::{Result, Tx};

/// Why a lead is no longer to be won, or not as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// Its number is on the do-not-call list.
    Listed,
    /// It was deleted.
    Deleted,
    /// It is in this status now.
    Moved(Status),
}

/// Ends what goes on about leads by itself.
pub(crate) async fn left(_tx: &Tx, _leads: &[LeadId], _why: Why) -> Result<()> {
    Ok(())
}
