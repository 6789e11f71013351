//! The pools of people among whom leads are distributed.
