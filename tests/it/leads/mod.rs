mod distribution;
mod lead;
mod lead_activity;
mod lead_assignment;
mod lead_score;
