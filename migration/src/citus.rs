//! How the tables are laid out on a distributed Postgres.

use crate::{catalog::Catalog, order::Order};

/// The script that distributes a migrated database by tenant: parents first, each table on the same
/// machines as the first.
#[must_use]
pub fn distribute(catalog: &Catalog) -> String {
    let order = Order::of(catalog);
    let is_shared =
        |name: &str| catalog.tables.get(name).is_some_and(|t| !t.columns.contains_key("tenant_id"));
    let (shared, owned): (Vec<_>, Vec<_>) = order.tables().partition(|name| is_shared(name));
    let mut sql = String::from(
        "-- Made by `cargo run -p migration -- draw` from the catalog. Run it once, as a superuser,
-- on the coordinator of a migrated database; see ARCHITECTURE.md.
begin;
set local citus.multi_shard_modify_mode = 'sequential';
set local citus.enable_unsafe_triggers = on;
set local citus.enable_local_reference_table_foreign_keys = off;
",
    );
    for table in &shared {
        sql.push_str(&format!("select create_reference_table('public.{table}');\n"));
    }
    let first = owned.first().copied().unwrap_or_default();
    for table in &owned {
        let place = if *table == first {
            String::new()
        } else {
            format!(", colocate_with => 'public.{first}'")
        };
        sql.push_str(&format!(
            "select create_distributed_table('public.{table}', 'tenant_id'{place});\n"
        ));
    }
    sql.push_str("commit;\n\n");
    for table in shared.iter().chain(&owned) {
        sql.push_str(&format!(
            "select truncate_local_data_after_distributing_table('public.{table}');\n"
        ));
    }
    sql.push_str("alter role keel_app set citus.propagate_set_commands = 'local';\n");
    sql
}
