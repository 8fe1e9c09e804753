//! What a fact is. Pure: no async, SQL, protobuf or clock.

pub mod fact;
