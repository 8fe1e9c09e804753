//! Who acts on a product, and for which side of its review.

/// Who does something: `staff:…`, or `institution:…/…` with the institution's person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person(pub String);

/// Which side of the review acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The centre's staff.
    Centre,
    /// The bank whose product it is.
    Bank,
    /// Nobody: a day has come.
    Calendar,
}

impl Side {
    pub const ALL: [Self; 3] = [Self::Centre, Self::Bank, Self::Calendar];

    pub fn code(self) -> &'static str {
        match self {
            Self::Centre => "CENTRE",
            Self::Bank => "BANK",
            Self::Calendar => "CALENDAR",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.code() == code)
    }
}
