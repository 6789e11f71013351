//! Whose lead becomes whose.
