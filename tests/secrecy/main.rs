//! What a bank can learn of a rival: nothing.
