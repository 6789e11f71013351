mod lead;
mod lead_source_cost;
mod lead_status_history;
mod segment;
