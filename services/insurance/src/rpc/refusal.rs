//! What the store refuses, as the caller is told.

use rpc::Fault;

use crate::store::StoreError;

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => error.into(),
            broken @ StoreError::Corrupt { .. } => Fault::new(&rpc::reasons::INTERNAL).source(broken),
        }
    }
}
