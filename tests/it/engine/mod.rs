mod outbox;
mod run;
