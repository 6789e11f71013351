//! Which migrations there are. `make` adds to the end of the list.

/// A migration: two files of SQL in the folder of its name.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// `m<date>_<number>_<context>_<what>`.
    pub name: &'static str,
    /// The way there.
    pub up: &'static str,
    /// The way back.
    pub down: &'static str,
}

impl Entry {
    /// Whether the migration says that it cannot run in a transaction. It must then be one that
    /// can be run again after it was cut off.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.up.lines().any(|line| line.trim() == "-- keel: no transaction")
    }
}

macro_rules! history {
    ($($name:literal,)*) => {
        &[$(Entry {
            name: $name,
            up: include_str!(concat!($name, "/up.sql")),
            down: include_str!(concat!($name, "/down.sql")),
        },)*]
    };
}

/// All of them, oldest first.
pub const HISTORY: &[Entry] = history! {
    "m20261120_000001_tenancy_roles",
    "m20261120_000002_tenancy_tables",
    "m20261120_000003_customers_tables",
    "m20261120_000004_sales_tables",
    "m20261120_000005_outreach_tables",
    "m20261120_000006_health_tables",
    "m20261120_000007_sales_questions",
    "m20261120_000008_outreach_questions",
    "m20261120_000009_health_questions",
    "m20261121_000010_tenancy_touch",
    "m20261121_000011_engine_tables",
    "m20261121_000012_sales_views",
    "m20261121_000013_feedback_tables",
    "m20261121_000014_sales_enrichment",
    "m20261121_000015_sales_signal_questions",
    "m20261121_000016_compliance_tables",
    "m20261121_000017_compliance_questions",
    "m20261121_000018_health_engines",
    "m20261121_000019_health_engine_questions",
    "m20261121_000020_leads_tables",
    "m20261121_000021_ledger_posting",
    "m20261121_000022_ledger_tables",
    "m20261121_000023_ledger_questions",
    "m20261121_000024_outreach_consent",
    "m20261121_000025_outreach_consent_questions",
    "m20261121_000026_leads_import",
    "m20261121_000027_leads_activities_scores",
    "m20261121_000028_leads_distribution",
    "m20261121_000029_leads_score_questions",
    "m20261121_000030_outreach_nurture",
    "m20261121_000031_outreach_nurture_questions",
    "m20261121_000032_leads_segments",
    "m20261121_000033_leads_questions",
    "m20261121_000034_leads_links",
    "m20261121_000035_leads_erasure",
};
