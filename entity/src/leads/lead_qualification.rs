//! What a lead answered to the five questions, in points. Who has answered none has no row.

use sea_orm::entity::prelude::*;

use crate::{
    id::{LeadId, TenantId, UserId},
    schema::{Check, TableSpec, Verbs},
};

/// One row of `lead_qualifications`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_qualifications")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub lead_id: LeadId,

    /// 0 to 25; null, here and below: not answered, which counts as 0.
    pub business_interest: Option<i32>,
    /// 0 to 20.
    pub employment: Option<i32>,
    /// 0 to 25.
    pub income_commitment: Option<i32>,
    /// 0 to 15.
    pub experience: Option<i32>,
    /// 0 to 15.
    pub decision_making: Option<i32>,
    /// By value; null: a program asked.
    pub asked_by: Option<UserId>,
    pub answered_at: DateTimeUtc,

    #[sea_orm(belongs_to, from = "(tenant_id, lead_id)", to = "(tenant_id, id)")]
    pub lead: BelongsTo<super::lead::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl TableSpec for Entity {
    const VERBS: Verbs = Verbs::All;

    fn checks() -> Vec<Check> {
        vec![
            Check::new(
                "lead_qualifications_business_interest_range",
                "business_interest between 0 and 25",
            ),
            Check::new("lead_qualifications_employment_range", "employment between 0 and 20"),
            Check::new(
                "lead_qualifications_income_commitment_range",
                "income_commitment between 0 and 25",
            ),
            Check::new("lead_qualifications_experience_range", "experience between 0 and 15"),
            Check::new(
                "lead_qualifications_decision_making_range",
                "decision_making between 0 and 15",
            ),
        ]
    }
}
