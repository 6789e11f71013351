//! Which tables belong to a tenant, and by what their rows are found.

use sea_orm::{EntityTrait, PrimaryKeyTrait};

use crate::{
    compliance, customers, engine, feedback, health, id, leads, ledger, outreach, sales, support,
    tenancy,
};

/// A table whose every row belongs to one tenant, which its key begins with.
pub trait TenantScoped: EntityTrait {
    /// The column that says which.
    const TENANT: Self::Column;
}

/// A table in which the tenant and one more value find a row.
pub trait Keyed:
    TenantScoped + EntityTrait<PrimaryKey: PrimaryKeyTrait<ValueType = (id::TenantId, Self::Id)>>
{
    /// The rest of the key.
    type Id: Send;
}

macro_rules! tenant_scoped {
    ($($($module:ident)::+,)+) => {$(
        impl TenantScoped for $($module)::+::Entity {
            const TENANT: Self::Column = $($module)::+::Column::TenantId;
        }
    )+};
}

macro_rules! keyed {
    ($($($module:ident)::+ by $id:ty,)+) => {$(
        tenant_scoped! { $($module)::+, }
        impl Keyed for $($module)::+::Entity {
            type Id = $id;
        }
    )+};
}

// Tables whose keys have more parts.
tenant_scoped! {
    leads::lead_tag,
    leads::lead_word,
    leads::lead_import_row,
}

keyed! {
    tenancy::user by id::UserId,
    customers::customer by id::ClientId,
    sales::contact by id::ContactId,
    sales::deal by id::DealId,
    sales::deal_stage_config by id::DealStageConfigId,
    sales::deal_stage_history by id::DealStageHistoryId,
    sales::deal_activity by id::DealActivityId,
    sales::quote_counter by i32,
    sales::quote by id::QuoteId,
    sales::quote_activity by id::QuoteActivityId,
    sales::quote_outcome by id::QuoteOutcomeId,
    outreach::dnc by id::DncId,
    outreach::dnc_check by id::DncCheckId,
    health::client_health_score by id::ClientHealthScoreId,
    health::call_record by id::CallRecordId,
    health::pattern by id::PatternId,
    engine::outbox by id::OutboxId,
    engine::run by id::RunId,
    sales::task by id::TaskId,
    support::case_counter by i32,
    support::case by id::CaseId,
    feedback::feedback_request by id::FeedbackRequestId,
    sales::contact_enrichment by id::ContactEnrichmentId,
    sales::contact_enrichment_proposal by id::ContactEnrichmentProposalId,
    sales::contact_field by id::ContactFieldId,
    sales::opportunity_signal by id::OpportunitySignalId,
    compliance::compliance_schedule by id::ComplianceScheduleId,
    compliance::compliance_check by id::ComplianceCheckId,
    compliance::compliance_check_event by id::ComplianceCheckEventId,
    health::client_session by id::ClientSessionId,
    health::client_lifecycle_history by id::ClientLifecycleHistoryId,
    health::daily_summary by id::DailySummaryId,
    health::weekly_pattern by id::WeeklyPatternId,
    health::coach_performance by id::CoachPerformanceId,
    health::intervention by id::InterventionId,
    health::intervention_outcome by id::InterventionOutcomeId,
    health::contact_owner_history by id::ContactOwnerHistoryId,
    leads::lead by id::LeadId,
    leads::lead_status_history by id::LeadStatusHistoryId,
    leads::lead_audit_log by id::LeadAuditLogId,
    ledger::budget_account by id::BudgetAccountId,
    ledger::budget_transaction by id::BudgetTransactionId,
    ledger::budget_hold by id::BudgetHoldId,
    leads::system_config by id::SystemConfigId,
    leads::system_config_history by id::SystemConfigHistoryId,
    leads::lead_link by id::LeadLinkId,
    leads::lead_merge by id::LeadMergeId,
    leads::erasure by id::ErasureId,
    outreach::nurture_sequence by id::NurtureSequenceId,
    outreach::nurture_sequence_version by id::NurtureSequenceVersionId,
    outreach::lead_sequence_enrollment by id::LeadSequenceEnrollmentId,
    outreach::lead_sequence_enrollment_step by id::LeadSequenceEnrollmentStepId,
    outreach::consent by id::ConsentId,
    outreach::call_attempt by id::CallAttemptId,
    outreach::opt_out_review by id::OptOutReviewId,
    outreach::external_list by id::ExternalListId,
    outreach::external_list_number by id::ExternalListNumberId,
    outreach::suppression_key by id::SuppressionKeyId,
    outreach::suppression by id::SuppressionId,
    leads::segment by id::SegmentId,
    leads::lead_source_cost by id::LeadSourceCostId,
    tenancy::user_absence by id::UserAbsenceId,
    leads::lead_activity by id::LeadActivityId,
    leads::lead_qualification by id::LeadId,
    leads::lead_score by id::LeadScoreHistoryId,
    leads::lead_score_override by id::LeadScoreOverrideId,
    leads::distribution by id::DistributionPoolId,
    leads::distribution_member by id::DistributionMemberId,
    leads::lead_assignment by id::LeadAssignmentId,
    leads::lead_assignment_queue by id::LeadId,
    leads::lead_import by id::LeadImportId,
}
