drop table call_records;

drop table call_pattern_analysis;

drop table client_health_scores;
