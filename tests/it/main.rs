//! One binary for all of them, laid out as the service is.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod sales;
