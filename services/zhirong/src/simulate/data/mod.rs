//! The demo data: fictitious banks with a product each, fictitious enterprises with their rights, and how they are
//! registered through the public calls. No name here is that of a person or of an existing firm.

mod application;
mod banks;
mod enterprises;
mod load;
mod load_enterprise;

pub use application::{application, documents};
pub use banks::{Bank, banks, without_department};
pub use enterprises::{Asset, Enterprise, enterprises};
pub use load::{Loaded, LoadedBank, LoadedEnterprise, Wanted, load};
