//! The cover of one round of a case (增信请求): what was asked, of whom, and where it stands. The institutions asked are
//! frozen when it begins; answers are counted.

use chrono::{DateTime, Utc};
use kernel::{CaseId, DeclineReason, InstitutionId, InstitutionRole, LegId, ReplyId, leg::LegState};
use rand::RngCore;
use uuid::Uuid;

use super::{appetite::Need, terms::Terms};

/// One cover request; the aggregate of its facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CoverId(Uuid);

impl CoverId {
    pub fn random(random: &mut impl RngCore) -> Self {
        let mut bytes = [0_u8; 16];
        random.fill_bytes(&mut bytes);
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl std::fmt::Display for CoverId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    pub id: CoverId,
    pub case: CaseId,
    pub round: u8,
    /// Rises by one with every event.
    pub version: i64,
    /// The newest fact of the case that has been taken: an older one, come late, is dropped.
    pub case_version: i64,
    /// The case has ended: nothing begins any more.
    pub ended: bool,
    /// The window has closed: what was answered may be shown.
    pub opened: bool,
    pub need: Need,
    pub join: Join,
    pub phase: Phase,
    pub asked_at: DateTime<Utc>,
    pub legs: Vec<Leg>,
}

/// The roster's number, frozen when cover was asked for, and how many have answered or timed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Join {
    pub legs: u16,
    pub answered: u16,
    /// None while the calendar of that year is missing.
    pub closes_at: Option<DateTime<Utc>>,
}

/// What only the present state has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// 征集中
    Collecting,
    /// 已报价: at least one answer stands.
    Quoted,
    /// 无报价
    NoQuote,
    /// 已选定: this leg's answer is held for the enterprise.
    Held { leg: LegId, due_at: Option<DateTime<Utc>> },
    /// 已确认: policy issued, guarantee signed.
    Bound { leg: LegId },
    /// 已释放: nothing stands any more.
    Released { cause: ReleaseCause },
}

/// Why nothing stands any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseCause {
    Case(EndCause),
    /// The chosen bank did not approve, and no other answer stands.
    BankDeclined,
    /// The chosen institution did not confirm, and no other answer stands.
    CoverRefused,
    /// What was chosen no longer stood.
    CoverGone,
    /// The bank approved a choice without cover.
    NotChosen,
}

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndCause {
    Withdrawn,
    Expired,
    Rejected,
    NoOffer,
}

impl EndCause {
    pub const ALL: [Self; 4] = [Self::Withdrawn, Self::Expired, Self::Rejected, Self::NoOffer];

    pub fn code(self) -> &'static str {
        match self {
            Self::Withdrawn => "CASE_WITHDRAWN",
            Self::Expired => "CASE_EXPIRED",
            Self::Rejected => "CASE_REJECTED",
            Self::NoOffer => "CASE_NO_OFFER",
        }
    }
}

impl ReleaseCause {
    pub fn code(self) -> &'static str {
        match self {
            Self::Case(end) => end.code(),
            Self::BankDeclined => "BANK_DECLINED",
            Self::CoverRefused => "COVER_REFUSED",
            Self::CoverGone => "COVER_GONE",
            Self::NotChosen => "NOT_CHOSEN",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        let own = [Self::BankDeclined, Self::CoverRefused, Self::CoverGone, Self::NotChosen];
        EndCause::ALL.map(Self::Case).into_iter().chain(own).find(|cause| cause.code() == code)
    }
}

impl Phase {
    /// The state's name in the database.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Collecting => "COLLECTING",
            Self::Quoted => "QUOTED",
            Self::NoQuote => "NONE",
            Self::Held { .. } => "HELD",
            Self::Bound { .. } => "BOUND",
            Self::Released { .. } => "RELEASED",
        }
    }

    /// The leg whose answer is held or bound.
    pub fn chosen(&self) -> Option<LegId> {
        match self {
            Self::Held { leg, .. } | Self::Bound { leg } => Some(*leg),
            Self::Collecting | Self::Quoted | Self::NoQuote | Self::Released { .. } => None,
        }
    }
}

/// One question to one insurer or guarantor, with the machine of `kernel::leg` inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// Random: it is the assignment id that the institution sees.
    pub id: LegId,
    pub institution: InstitutionId,
    pub role: InstitutionRole,
    /// As declared when it was asked: fees of a government-backed guarantor are capped.
    pub government_backed: bool,
    pub state: LegState,
    /// Rises with every change; the `aggregate_version` of the leg's messages.
    pub version: i64,
    pub issued_at: DateTime<Utc>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub replied_at: Option<DateTime<Utc>>,
    /// The newest answer that came in time.
    pub quote: Option<Quote>,
    /// Number of the policy or the guarantee contract.
    pub document_no: String,
}

/// An answer with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    pub reply: ReplyId,
    pub seq: u32,
    pub terms: Terms,
    pub submitted_at: DateTime<Utc>,
}

/// One who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub leg: LegId,
    pub institution: InstitutionId,
    pub role: InstitutionRole,
    pub government_backed: bool,
}

impl Leg {
    pub fn decline_reason(&self) -> Option<DeclineReason> {
        self.state.reason()
    }

    /// An answer that can be chosen, or is.
    pub fn stands(&self) -> bool {
        matches!(
            self.state,
            LegState::Offered { .. } | LegState::Selected { .. } | LegState::Confirmed { .. }
        )
    }

    pub fn is_offered(&self) -> bool {
        matches!(self.state, LegState::Offered { .. })
    }

    pub fn valid_until(&self) -> Option<DateTime<Utc>> {
        self.quote.as_ref().map(|quote| quote.terms.valid_until())
    }
}

impl Cover {
    pub fn leg(&self, id: LegId) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.id == id)
    }

    pub(super) fn leg_mut(&mut self, id: LegId) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| leg.id == id)
    }

    /// Legs whose answers stand.
    pub fn standing(&self) -> impl Iterator<Item = &Leg> {
        self.legs.iter().filter(|leg| leg.stands())
    }

    /// When the next quote that is not chosen ends.
    pub fn next_expiry(&self) -> Option<DateTime<Utc>> {
        if matches!(self.phase, Phase::Collecting) {
            return None;
        }
        self.legs.iter().filter(|leg| leg.is_offered()).filter_map(Leg::valid_until).min()
    }

    /// Nobody may see what was answered: the window is open, or the case ended before it closed.
    pub fn is_sealed(&self) -> bool {
        !self.opened
    }
}
