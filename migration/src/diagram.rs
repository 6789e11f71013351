//! The tables and their references as a picture.

use crate::{
    catalog::{Catalog, Rule},
    order::Order,
};

/// The schema as a Mermaid diagram in a page of Markdown.
#[must_use]
pub fn draw(catalog: &Catalog) -> String {
    let mut page = String::from(
        "# The schema\n\nMade by `cargo run -p migration -- draw`; `migration -- check` sees that it \
         is current. Every table but `tenants` also\nrefers to its tenant, which is left out.\n\n\
         ```mermaid\nerDiagram\n",
    );
    let order = Order::of(catalog);
    for name in order.tables() {
        for reference in order.references(name) {
            let Some(parent) = &reference.constraint.parent else { continue };
            if parent != "tenants" {
                let by = reference.name.rsplit('-').next().unwrap_or_default();
                page.push_str(&format!(
                    "    {parent} ||--o{{ {name} : \"{}\"\n",
                    by.trim_end_matches('"')
                ));
            }
        }
    }
    for name in order.tables() {
        let Some(table) = catalog.tables.get(name) else { continue };
        let primary = table.constraints.values().find(|c| c.rule == Rule::Primary);
        let mut columns: Vec<_> = table.columns.iter().collect();
        columns.sort_by_key(|(_, column)| column.place);
        page.push_str(&format!("    {name} {{\n"));
        for (column, is) in columns {
            let kind = is.kind.replace([' ', ',', '(', ')', '[', ']'], "_");
            let kind = kind.trim_end_matches('_');
            let key = primary.is_some_and(|p| {
                p.definition.split(['(', ')', ',']).any(|part| part.trim() == column)
            });
            let note = match (key, is.not_null) {
                (true, _) => " PK",
                (false, true) => "",
                (false, false) => " \"nullable\"",
            };
            page.push_str(&format!("        {kind} {column}{note}\n"));
        }
        page.push_str("    }\n");
    }
    page.push_str("```\n");
    page
}
