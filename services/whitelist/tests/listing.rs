//! Lists: published, told, read, taken note of.
