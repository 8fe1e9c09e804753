//! What a fact is, and the figures that follow from facts. Pure: no async, SQL, protobuf or clock.

pub mod fact;
pub mod figures;
pub mod sheet;
pub mod step;
pub mod tally;
