drop table feedback_requests;
