//! Writing scores down.

use entity::id::LeadScoreHistoryId;
use entity::leads::lead_score::ActiveModel;
use sea_orm::{ConnectionTrait, DbBackend, Set, Statement, Value};

use super::{class, compute::Entry};
use crate::{
    Result, Tx,
    leads::lead::{self, Because, Trigger},
};

/// Writes the scores, the history of those that changed, and the statuses that follow.
pub(super) async fn write(tx: &Tx, entries: &[Entry]) -> Result<()> {
    const AT_ONCE: usize = 500; // of one size, so that the statement is prepared once
    let changed = entries.iter().filter(|entry| entry.has_changed()).map(|entry| ActiveModel {
        tenant_id: Set(tx.context().tenant),
        id: Set(LeadScoreHistoryId::new()),
        lead_id: Set(entry.lead.id),
        score: Set(points(entry.factors.total)),
        previous_score: Set(entry.lead.lead_score_factors.as_ref().map(|_| entry.lead.lead_score)),
        score_class: Set(class(entry.factors.total)),
        cause: Set(entry.cause),
        decay_months: Set(entry.months),
        factors: Set(Some(entry.factors)),
        weights: Set(entry.weights),
        actor: Set(tx.context().actor.to_string()),
        reason: Set(entry.reason.clone()),
        calculated_at: Set(tx.now()),
    });
    tx.insert_many(changed.collect()).await?;
    for chunk in entries.chunks(AT_ONCE) {
        tx.execute_raw(update(tx, chunk)).await?;
    }
    for entry in entries {
        let Some(becomes) = entry.becomes else { continue };
        let because = Because {
            trigger: Trigger::Automation,
            trigger_id: None,
            reason: Some(format!("the score is {}", entry.factors.total)),
        };
        lead::move_to(tx, entry.lead.id, becomes, &because).await?;
    }
    Ok(())
}

/// Found by the primary key.
fn update(tx: &Tx, entries: &[Entry]) -> Statement {
    const TYPES: [&str; 6] = ["uuid", "int", "jsonb", "timestamptz", "timestamptz", "int"];
    let mut bound: Vec<Value> = vec![tx.context().tenant.into(), tx.now().into()];
    let mut rows = vec![];
    for entry in entries {
        let row = TYPES.iter().enumerate();
        let row = row.map(|(n, of)| format!("${}::{of}", bound.len() + 1 + n));
        rows.push(format!("({})", row.collect::<Vec<_>>().join(", ")));
        let factors = serde_json::to_value(entry.factors).unwrap_or_default();
        bound.extend([
            Value::from(entry.lead.id),
            points(entry.factors.total).into(),
            factors.into(),
            entry.due.into(),
            entry.since.into(),
            entry.months.into(),
        ]);
    }
    let sql = format!(
        "update leads l
         set lead_score = v.score, lead_score_factors = v.factors, score_due_at = v.due,
             score_since = v.since, score_decay = v.months, updated_at = $2
         from (values {}) v (id, score, factors, due, since, months)
         where l.tenant_id = $1 and l.id = v.id",
        rows.join(", ")
    );
    Statement::from_sql_and_values(DbBackend::Postgres, sql, bound)
}

fn points(of: i64) -> i32 {
    i32::try_from(of).unwrap_or_default()
}
