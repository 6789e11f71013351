//! What ends when a lead is no longer to be won.

use entity::{id::LeadId, leads::lead_assignment_queue};
use sea_orm::{ColumnTrait, QueryFilter};

use super::Status;
use crate::{
    Result, Tx,
    outreach::lead_sequence_enrollment::{Stop, stop},
};

/// Why a lead is no longer to be won, or not as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// Its number is on the do-not-call list.
    Listed,
    /// It was merged into another.
    Merged,
    /// It was deleted.
    Deleted,
    /// It is in this status now.
    Moved(Status),
}

/// Ends what goes on about leads by itself: the sequences that they are on the way through.
pub(crate) async fn left(tx: &Tx, leads: &[LeadId], why: Why) -> Result<()> {
    if !matches!(why, Why::Moved(status) if !matches!(status, Status::Dnc | Status::Recruited)) {
        let waiting = tx.delete_many::<lead_assignment_queue::Entity>(); // by its primary key
        let of = lead_assignment_queue::Column::LeadId.is_in(leads.iter().copied());
        waiting.filter(of).exec(tx).await?;
    }
    let why = match why {
        Why::Listed | Why::Moved(Status::Dnc) => Stop::DoNotCall,
        Why::Merged => Stop::Merged,
        Why::Deleted => Stop::Deleted,
        Why::Moved(Status::Recruited) => Stop::Recruited,
        Why::Moved(Status::Qualified) => Stop::Qualified,
        Why::Moved(Status::Cold) => Stop::Lost,
        Why::Moved(Status::New | Status::Contacted | Status::Nurturing | Status::Hot) => {
            return Ok(());
        }
    };
    stop(tx, leads, why).await.map(drop)
}
