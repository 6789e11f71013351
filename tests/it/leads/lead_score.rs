//! How promising leads are.
