//! What happens between us and leads.
