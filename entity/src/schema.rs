//! What a table has beyond its columns, keys and references, and the statements that make it.

use sea_orm::{
    ActiveEnum, DbBackend, EntityTrait, IdenStatic, Iterable, Schema,
    sea_query::PostgresQueryBuilder,
};

use crate::{
    compliance, customers, engine, feedback, health, leads, ledger, outreach, sales, support,
    tenancy,
};

/// The role that owns every table and cannot log in.
pub const OWNER: &str = "keel_owner";
/// The role that the application logs in as: it owns nothing and bypasses nothing.
pub const APP: &str = "keel_app";

/// A rule that each row keeps.
#[derive(Clone, Debug)]
pub struct Check {
    name: &'static str,
    rule: String,
}

impl Check {
    /// A rule in SQL, named `<table>_<what must hold>`.
    #[must_use]
    pub fn new(name: &'static str, rule: impl Into<String>) -> Self {
        Self { name, rule: rule.into() }
    }

    /// The column holds one of an enum's values, or null where the column may be null.
    #[must_use]
    pub fn one_of<E: ActiveEnum<Value = String> + Iterable>(
        name: &'static str,
        column: &str,
    ) -> Self {
        let values: Vec<_> = E::iter().map(|e| format!("'{}'", e.to_value())).collect();
        Self::new(name, format!("{column} in ({})", values.join(", ")))
    }

    /// The text is not empty and at most `most` characters long.
    #[must_use]
    pub fn length(name: &'static str, column: &str, most: u32) -> Self {
        Self::new(name, format!("char_length({column}) between 1 and {most}"))
    }
}

/// A way to find rows quickly.
#[derive(Clone, Debug)]
pub struct Index {
    name: &'static str,
    unique: bool,
    columns: &'static str,
    rest: &'static str,
}

impl Index {
    /// An index named `<table>_<what for>` over `columns`, which begin with the tenant.
    #[must_use]
    pub const fn new(name: &'static str, columns: &'static str) -> Self {
        Self { name, unique: false, columns, rest: "" }
    }

    /// An index that also lets no two rows have the same columns.
    #[must_use]
    pub const fn unique(name: &'static str, columns: &'static str) -> Self {
        Self { name, unique: true, columns, rest: "" }
    }

    /// What follows the columns: `include (…)`, `where …`.
    #[must_use]
    pub const fn with(self, rest: &'static str) -> Self {
        Self { rest, ..self }
    }
}

/// What the application may do with the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbs {
    /// Everything but emptying it.
    All,
    /// Rows change but are never deleted.
    Keep,
    /// Rows are added and never changed: records and evidence.
    Append,
}

impl Verbs {
    fn granted(self) -> &'static str {
        match self {
            Self::All => "select, insert, update, delete",
            Self::Keep => "select, insert, update",
            Self::Append => "select, insert",
        }
    }
}

/// What an entity file states beside its `Model`.
pub trait TableSpec: EntityTrait {
    /// The column that says whose row it is.
    const TENANT: &'static str = "tenant_id";
    /// What the application may do with the rows.
    const VERBS: Verbs = Verbs::All;
    /// Whether a trigger refuses changes to rows even to the owner.
    const SEALED: bool = false;

    /// The rules that each row keeps.
    #[must_use]
    fn checks() -> Vec<Check> {
        vec![]
    }

    /// The ways to find rows quickly.
    #[must_use]
    fn indexes() -> Vec<Index> {
        vec![]
    }

    /// What the database does by itself when a row is written, beside keeping `updated_at`.
    #[must_use]
    fn triggers() -> Vec<Trigger> {
        vec![]
    }
}

/// Something that the database does by itself when a row is written.
#[derive(Clone, Copy, Debug)]
pub struct Trigger {
    name: &'static str,
    when: &'static str,
    what: &'static str,
}

impl Trigger {
    /// A trigger that runs `what`, a condition and a function of the schema `keel`, for each row.
    #[must_use]
    pub const fn new(name: &'static str, when: &'static str, what: &'static str) -> Self {
        Self { name, when, what }
    }
}

/// A table of the registry: its name, and the statements that make it where its parents exist.
#[derive(Clone, Debug)]
pub struct Table {
    /// The table's name.
    pub name: &'static str,
    /// The statements, in order.
    pub ddl: Vec<String>,
}

fn table<E: TableSpec>() -> Table {
    let entity = E::default();
    let name = entity.table_name();
    let schema = Schema::new(DbBackend::Postgres);
    let mut ddl = vec![schema.create_table_from_entity(entity).to_string(PostgresQueryBuilder)];
    for Check { name: check, rule } in E::checks() {
        ddl.push(format!("alter table {name} add constraint {check} check ({rule})"));
    }
    for Index { name: index, unique, columns, rest } in E::indexes() {
        let unique = if unique { "unique " } else { "" };
        ddl.push(format!("create {unique}index {index} on {name} ({columns}) {rest}"));
    }
    let tenant = E::TENANT;
    let own =
        format!("{tenant} = nullif(current_setting('app.current_tenant_id', true), '')::uuid");
    ddl.push(format!("alter table {name} enable row level security"));
    ddl.push(format!("alter table {name} force row level security"));
    ddl.push(format!(
        "create policy tenant on {name} for all to {APP} using ({own}) with check ({own})"
    ));
    ddl.push(format!("grant {} on {name} to {APP}", E::VERBS.granted()));
    if E::SEALED {
        // The name of the table is an argument, since Citus runs the trigger on a shard.
        for (trigger, when) in [("sealed", "update or delete"), ("sealed_whole", "truncate")] {
            let each = if when == "truncate" { "statement" } else { "row" };
            ddl.push(format!(
                "create trigger {trigger} before {when} on {name} \
                 for each {each} execute function keel.refuse_change('{name}')"
            ));
        }
    }
    let has_update = E::Column::iter().any(|column| column.as_str() == "updated_at");
    let touched = Trigger::new(
        "touched",
        "before update",
        "when (new.updated_at = old.updated_at) execute function keel.touch()",
    );
    let touched = Some(touched).filter(|_| has_update && E::VERBS != Verbs::Append);
    for Trigger { name: trigger, when, what } in E::triggers().into_iter().chain(touched) {
        ddl.push(format!("create trigger {trigger} {when} on {name} for each row {what}"));
    }
    Table { name, ddl }
}

macro_rules! registry {
    ($($($module:ident)::+,)+) => {
        /// Every table, parents first. What is not here does not exist for `make` and `check`.
        #[must_use]
        pub fn tables() -> Vec<Table> {
            vec![$(table::<$($module)::+::Entity>(),)+]
        }
    };
}

registry! {
    tenancy::tenant,
    tenancy::user,
    customers::customer,
    sales::contact,
    sales::deal,
    sales::deal_stage_config,
    sales::deal_stage_history,
    sales::deal_activity,
    sales::quote_counter,
    sales::quote,
    sales::quote_activity,
    sales::quote_outcome,
    outreach::dnc,
    outreach::dnc_check,
    health::client_health_score,
    health::call_record,
    health::pattern,
    engine::outbox,
    engine::run,
    sales::task,
    support::case_counter,
    support::case,
    feedback::feedback_request,
    sales::contact_enrichment,
    sales::contact_enrichment_proposal,
    sales::contact_field,
    sales::opportunity_signal,
    compliance::compliance_schedule,
    compliance::compliance_check,
    compliance::compliance_check_event,
    health::client_session,
    health::client_lifecycle_history,
    health::daily_summary,
    health::weekly_pattern,
    health::coach_performance,
    health::intervention,
    health::intervention_outcome,
    health::contact_owner_history,
    leads::lead,
    leads::lead_tag,
    leads::lead_word,
    leads::lead_status_history,
    leads::lead_audit_log,
    ledger::budget_account,
    ledger::budget_transaction,
    ledger::budget_hold,
    leads::system_config,
    leads::system_config_history,
    leads::lead_link,
    leads::lead_merge,
    leads::erasure,
    outreach::nurture_sequence,
    outreach::nurture_sequence_version,
    outreach::lead_sequence_enrollment,
    outreach::lead_sequence_enrollment_step,
    outreach::consent,
    outreach::call_attempt,
    outreach::opt_out_review,
    outreach::external_list,
    outreach::external_list_number,
    outreach::suppression_key,
    outreach::suppression,
    leads::segment,
    leads::lead_source_cost,
    tenancy::user_absence,
    leads::lead_activity,
    leads::lead_qualification,
    leads::lead_score,
    leads::lead_score_override,
    leads::distribution,
    leads::distribution_member,
    leads::lead_assignment,
    leads::lead_assignment_queue,
    leads::lead_import,
    leads::lead_import_row,
}
