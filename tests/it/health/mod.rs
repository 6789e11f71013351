mod client_health_score;
mod pattern;
