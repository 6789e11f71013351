//! Two leads that are one person, and two again.
