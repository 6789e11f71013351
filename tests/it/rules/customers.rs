//! What breaks the rules of customers's tables.

use super::Broken;

pub const CHECKS: &[Broken] = &[
    ("customers_client_id_form", "client_id = 'cs_1_Acme'"),
    ("customers_client_id_length", "client_id = 'cs_1_' || repeat('x', 96)"),
    ("customers_client_name_length", "client_name = ''"),
    ("customers_client_name_length", "client_name = repeat('x', 201)"),
    ("customers_company_name_length", "company_name = ''"),
    ("customers_company_name_length", "company_name = repeat('x', 201)"),
    ("customers_contract_order", "contract_end_date = contract_start_date"),
    ("customers_contract_value_range", "contract_value = -0.01"),
    ("customers_contract_value_range", "contract_value = 'NaN'"),
    ("customers_health_score_range", "health_score = -0.01"),
    ("customers_health_score_range", "health_score = 100.01"),
    ("customers_health_trend_known", "health_trend = 'sideways'"),
    ("customers_lifecycle_stage_known", "lifecycle_stage = 'gone'"),
    ("customers_status_known", "status = 'gone'"),
    ("customers_tier_known", "tier = 'gold'"),
];

pub const UNIQUE: &[Broken] = &[];
