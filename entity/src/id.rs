//! One id type for each kind of row, so that a deal's id cannot be passed for a contact's.
//!
//! Keep the list in alphabetical order, and only ever add to it.

use sea_orm::{TryFromU64, entity::prelude::*};
use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            DeriveValueType,
        )]
        #[serde(transparent)]
        #[sea_orm(try_getable_array)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, greater than any made before it (UUID version 7).
            #[must_use]
            #[expect(clippy::new_without_default, reason = "two defaults would differ")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    )+};
}

ids! {
    /// A [`budget_account`](crate::ledger::budget_account).
    BudgetAccountId,
    /// A [`budget_hold`](crate::ledger::budget_hold).
    BudgetHoldId,
    /// A [`budget_transaction`](crate::ledger::budget_transaction).
    BudgetTransactionId,
    /// A [`call_attempt`](crate::outreach::call_attempt).
    CallAttemptId,
    /// A [`call_record`](crate::health::call_record).
    CallRecordId,
    /// A [`case`](crate::support::case).
    CaseId,
    /// A [`client_health_score`](crate::health::client_health_score).
    ClientHealthScoreId,
    /// A week of a client's in [`client_lifecycle_history`](crate::health::client_lifecycle_history).
    ClientLifecycleHistoryId,
    /// A [`client_session`](crate::health::client_session).
    ClientSessionId,
    /// A day of a coach's in [`coach_performance`](crate::health::coach_performance).
    CoachPerformanceId,
    /// A [`compliance_check_event`](crate::compliance::compliance_check_event).
    ComplianceCheckEventId,
    /// A [`compliance_check`](crate::compliance::compliance_check).
    ComplianceCheckId,
    /// A [`compliance_schedule`](crate::compliance::compliance_schedule).
    ComplianceScheduleId,
    /// A [`consent`](crate::outreach::consent).
    ConsentId,
    /// A [`contact_enrichment`](crate::sales::contact_enrichment).
    ContactEnrichmentId,
    /// A [`contact_enrichment_proposal`](crate::sales::contact_enrichment_proposal).
    ContactEnrichmentProposalId,
    /// A [`contact_field`](crate::sales::contact_field).
    ContactFieldId,
    /// A [`contact`](crate::sales::contact).
    ContactId,
    /// A change in [`contact_owner_history`](crate::health::contact_owner_history).
    ContactOwnerHistoryId,
    /// A [`daily_summary`](crate::health::daily_summary).
    DailySummaryId,
    /// A [`deal_activity`](crate::sales::deal_activity).
    DealActivityId,
    /// A [`deal`](crate::sales::deal).
    DealId,
    /// A [`deal_stage_config`](crate::sales::deal_stage_config).
    DealStageConfigId,
    /// A [`deal_stage_history`](crate::sales::deal_stage_history).
    DealStageHistoryId,
    /// A [`distribution_member`](crate::leads::distribution_member).
    DistributionMemberId,
    /// A pool of people in [`distribution`](crate::leads::distribution).
    DistributionPoolId,
    /// A [`dnc_check`](crate::outreach::dnc_check).
    DncCheckId,
    /// A [`dnc`](crate::outreach::dnc) entry.
    DncId,
    /// An [`erasure`](crate::leads::erasure) of a person.
    ErasureId,
    /// A version of an [`external_list`](crate::outreach::external_list).
    ExternalListId,
    /// A number on one, an [`external_list_number`](crate::outreach::external_list_number).
    ExternalListNumberId,
    /// A [`feedback_request`](crate::feedback::feedback_request).
    FeedbackRequestId,
    /// An [`intervention`](crate::health::intervention).
    InterventionId,
    /// An [`intervention_outcome`](crate::health::intervention_outcome).
    InterventionOutcomeId,
    /// A [`lead_activity`](crate::leads::lead_activity).
    LeadActivityId,
    /// A [`lead_assignment`](crate::leads::lead_assignment).
    LeadAssignmentId,
    /// A change in [`lead_audit_log`](crate::leads::lead_audit_log).
    LeadAuditLogId,
    /// A [`lead`](crate::leads::lead).
    LeadId,
    /// A [`lead_import`](crate::leads::lead_import).
    LeadImportId,
    /// A [`lead_link`](crate::leads::lead_link).
    LeadLinkId,
    /// A [`lead_merge`](crate::leads::lead_merge).
    LeadMergeId,
    /// A change of a [`lead_score`](crate::leads::lead_score).
    LeadScoreHistoryId,
    /// A [`lead_score_override`](crate::leads::lead_score_override).
    LeadScoreOverrideId,
    /// A [`lead_sequence_enrollment`](crate::outreach::lead_sequence_enrollment).
    LeadSequenceEnrollmentId,
    /// A [`lead_sequence_enrollment_step`](crate::outreach::lead_sequence_enrollment_step).
    LeadSequenceEnrollmentStepId,
    /// A [`lead_source_cost`](crate::leads::lead_source_cost).
    LeadSourceCostId,
    /// A change in [`lead_status_history`](crate::leads::lead_status_history).
    LeadStatusHistoryId,
    /// A [`nurture_sequence`](crate::outreach::nurture_sequence).
    NurtureSequenceId,
    /// A [`nurture_sequence_version`](crate::outreach::nurture_sequence_version).
    NurtureSequenceVersionId,
    /// An [`opportunity_signal`](crate::sales::opportunity_signal).
    OpportunitySignalId,
    /// An [`opt_out_review`](crate::outreach::opt_out_review).
    OptOutReviewId,
    /// A message of the [`outbox`](crate::engine::outbox).
    OutboxId,
    /// A [`pattern`](crate::health::pattern) analysis.
    PatternId,
    /// A [`quote_activity`](crate::sales::quote_activity).
    QuoteActivityId,
    /// A [`quote`](crate::sales::quote).
    QuoteId,
    /// A [`quote_outcome`](crate::sales::quote_outcome).
    QuoteOutcomeId,
    /// A [`run`](crate::engine::run) of a step of the day.
    RunId,
    /// A [`segment`](crate::leads::segment).
    SegmentId,
    /// A change in [`system_config_history`](crate::leads::system_config_history).
    SystemConfigHistoryId,
    /// A key of [`system_config`](crate::leads::system_config).
    SystemConfigId,
    /// A [`suppression`](crate::outreach::suppression).
    SuppressionId,
    /// A [`suppression_key`](crate::outreach::suppression_key).
    SuppressionKeyId,
    /// A [`task`](crate::sales::task).
    TaskId,
    /// A [`tenant`](crate::tenancy::tenant).
    TenantId,
    /// A [`user_absence`](crate::tenancy::user_absence).
    UserAbsenceId,
    /// A [`user`](crate::tenancy::user).
    UserId,
    /// A [`weekly_pattern`](crate::health::weekly_pattern).
    WeeklyPatternId,
}

/// The business key of a [`customer`](crate::customers::customer): `cs_<digits>_<name>`, the name
/// in lower-case letters, digits and underscores.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType,
)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

/// The text is not `cs_<digits>_<name>`, or longer than 100 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAClientId;

impl ClientId {
    /// Checks the form.
    ///
    /// # Errors
    ///
    /// [`NotAClientId`] if it is another form.
    pub fn parse(text: &str) -> Result<Self, NotAClientId> {
        let (digits, name) =
            text.strip_prefix("cs_").and_then(|rest| rest.split_once('_')).ok_or(NotAClientId)?;
        let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let is_name = !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if is_number && is_name && text.len() <= 100 {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAClientId)
        }
    }

    /// The key as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ClientId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::fmt::Display for NotAClientId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not of the form cs_<digits>_<name>")
    }
}

impl std::error::Error for NotAClientId {}

impl TryFrom<String> for ClientId {
    type Error = NotAClientId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.0
    }
}

impl TryFromU64 for ClientId {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("ClientId"))
    }
}
