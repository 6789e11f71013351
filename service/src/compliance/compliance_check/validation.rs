//! Whether what a check asks for is there.

use entity::{
    compliance::{
        compliance_check::{Finding, Findings, Model, Problem, Status},
        compliance_check_event::{Evidence, Kind},
        compliance_schedule::{Field, Fields},
    },
    customers::customer,
    id::ComplianceCheckId,
    sales::contact,
};
use sea_orm::{IntoActiveModel, Set};
use serde::Serialize;

use super::{Note, note, open};
use crate::{
    Result, Tx,
    compliance::compliance_schedule::{Row, row},
};

/// What a validation found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Validated {
    /// The required columns that hold nothing.
    pub missing: Vec<Field>,
    /// Those, and whether null or blank; or that the row was deleted.
    pub findings: Vec<Finding>,
    /// How far the check has got.
    pub status: Status,
}

/// What is wrong with a field's text.
fn text(text: Option<&str>) -> Option<Problem> {
    match text {
        None => Some(Problem::Null),
        Some(text) if text.trim().is_empty() => Some(Problem::Blank),
        Some(_) => None,
    }
}

fn there<T>(value: Option<&T>) -> Option<Problem> {
    value.is_none().then_some(Problem::Null)
}

fn of_client(row: &customer::Model, field: Field) -> Option<Problem> {
    match field {
        Field::Industry => text(Some(&row.industry)),
        Field::ContractEndDate => there(row.contract_end_date.as_ref()),
        Field::RenewalDate => there(row.renewal_date.as_ref()),
        Field::PrimaryContactEmail => {
            text(row.primary_contact_email.as_ref().map(entity::email::Email::as_str))
        }
        Field::PrimaryContactName => text(row.primary_contact_name.as_deref()),
        Field::CsmAssigned => text(row.csm_assigned.as_deref()),
        Field::HealthScore => there(row.health_score.as_ref()),
        Field::LastEngagementDate => there(row.last_engagement_date.as_ref()),
        _ => Some(Problem::Null), // a contact's column, which a customer cannot have filled in
    }
}

fn of_contact(row: &contact::Model, field: Field) -> Option<Problem> {
    match field {
        Field::Title => text(row.title.as_deref()),
        Field::Department => text(row.department.as_deref()),
        Field::Email => text(row.email.as_ref().map(entity::email::Email::as_str)),
        Field::Phone => there(row.phone.as_ref()),
        Field::Mobile => there(row.mobile.as_ref()),
        Field::TimeZone => there(row.time_zone.as_ref()),
        Field::Notes => text(row.notes.as_deref()),
        _ => Some(Problem::Null), // a customer's column
    }
}

/// What is wrong with the row that the check is of, as it stands now.
pub(super) async fn look(tx: &Tx, check: &Model) -> Result<Vec<Finding>> {
    let row = row(tx, check.entity_type, &check.entity_id).await?;
    let Some(row) = row else {
        return Ok(vec![Finding { field: None, problem: Problem::Gone }]);
    };
    let wrong = check.required_fields.0.iter().filter_map(|field| {
        let problem = match &row {
            Row::Client(row) => of_client(row, *field),
            Row::Contact(row, _) => of_contact(row, *field),
            Row::Vendor => None,
        };
        Some(Finding { field: Some(*field), problem: problem? })
    });
    Ok(wrong.collect())
}

pub(super) fn missing(findings: &[Finding]) -> Vec<Field> {
    findings.iter().filter_map(|finding| finding.field).collect()
}

pub(super) fn evidence(check: &Model, findings: Vec<Finding>) -> Evidence {
    Evidence {
        rule_version: check.rule_version,
        fields: check.required_fields.clone(),
        findings: Findings(findings),
    }
}

/// Looks whether the required columns are filled in on the row itself, and writes down what is
/// missing. A pending check of which something is missing is in progress from then on; one whose
/// customer or contact was deleted is cancelled. Nothing is completed by this: see
/// [`complete`](super::complete).
///
/// # Errors
///
/// [`Error::NotFound`](crate::Error::NotFound) if the tenant has no such check;
/// [`Error::Conflict`](crate::Error::Conflict) if it is closed.
#[tracing::instrument(name = "compliance_check::validate", skip_all, fields(tenant = %tx.context().tenant))]
pub async fn validate(tx: &Tx, id: ComplianceCheckId) -> Result<Validated> {
    let check = open(tx, id).await?;
    let findings = look(tx, &check).await?;
    let missing = missing(&findings);
    let found = Note { evidence: Some(evidence(&check, findings.clone())), ..Note::default() };
    note(tx, &check, Kind::Validated, found).await?;
    let gone = findings.iter().any(|finding| finding.problem == Problem::Gone);
    let status = match check.status {
        _ if gone => Status::Cancelled,
        Status::Pending if !missing.is_empty() => Status::InProgress,
        as_it_was => as_it_was,
    };
    if gone {
        let notes = Some("the row was deleted".to_owned());
        note(tx, &check, Kind::Cancelled, Note { notes, ..Note::default() }).await?;
    }
    let mut row = if gone { super::life::closed(check, status) } else { check.into_active_model() };
    row.status = Set(status);
    row.missing_fields = Set(Fields(missing.clone()));
    row.validation_errors = Set(Findings(findings.clone()));
    row.validated_at = Set(Some(tx.now()));
    row.updated_at = Set(tx.now());
    tx.update(row).await?;
    Ok(Validated { missing, findings, status })
}
