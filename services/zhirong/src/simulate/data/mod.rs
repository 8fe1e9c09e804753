//! The demo data (domain.md §9): fictitious banks with a product each, insurers, guarantors, evaluators, enterprises with
//! their rights, and how they are registered through the public calls. No name here is that of a person or of an
//! existing firm.

mod application;
mod assets;
mod banks;
mod enterprises;
mod houses;
mod load;
mod load_archive;
mod load_enterprise;
mod load_houses;

pub use application::{application, documents};
pub use banks::{Bank, banks, without_department};
pub use enterprises::{Asset, Enterprise, Screened, association, enterprises};
pub use houses::{EvaluatorTerms, GuarantorTerms, House, HouseTerms, InsurerTerms, houses, mode};
pub use load::{Loaded, LoadedBank, LoadedEnterprise, Wanted, load, load_association};
pub use load_houses::{LoadedHouse, load_houses};
