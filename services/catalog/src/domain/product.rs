//! The life of a loan product (信贷产品, domain.md §3.2 d): versions of terms, of which one is in force at most and one may
//! be on its way there; a second person between the two; suspended and resumed; retired for good.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{InstitutionId, ProductId};

pub use super::sides::{Person, Side};

/// Number of a version of a product's terms, from 1; signed, as PostgreSQL and protobuf keep it.
pub type Version = i32;

/// What is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing ever was.
    Unpublished,
    Published {
        version: Version,
        at: DateTime<Utc>,
    },
    /// Nothing, until it is resumed or another version is published.
    Suspended {
        version: Version,
        at: DateTime<Utc>,
        since: DateTime<Utc>,
        /// What the centre holds back its bank does not let out again.
        by: Side,
    },
    /// `last`: what was in force until then.
    Retired {
        last: Option<(Version, DateTime<Utc>)>,
        at: DateTime<Utc>,
    },
}

/// How far a version is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Draft,
    InReview,
    Returned,
    Approved,
    /// Approved, and published from this day on.
    Scheduled(NaiveDate),
}

/// The version on its way; always the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    pub version: Version,
    pub stage: Stage,
    pub author: Person,
    /// Who put it into review.
    pub submitter: Option<Person>,
}

/// A product without its terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    pub id: ProductId,
    pub institution_id: InstitutionId,
    pub standing: Standing,
    pub pending: Option<Pending>,
    pub newest: Version,
    /// Counts every change; the version of the aggregate in its messages.
    pub revision: i64,
}

impl Product {
    /// A new product with version 1 of its terms in draft.
    pub fn create(id: ProductId, institution_id: InstitutionId, author: Person) -> Self {
        let pending = Pending { version: 1, stage: Stage::Draft, author, submitter: None };
        Self {
            id,
            institution_id,
            standing: Standing::Unpublished,
            pending: Some(pending),
            newest: 1,
            revision: 1,
        }
    }

    /// The version to show: the one in force (or last in force), else the newest.
    pub fn shown(&self) -> Version {
        self.published().map_or(self.newest, |(version, _)| version)
    }

    /// The version in force, or last in force, and since when.
    pub fn published(&self) -> Option<(Version, DateTime<Utc>)> {
        match self.standing {
            Standing::Unpublished => None,
            Standing::Published { version, at } | Standing::Suspended { version, at, .. } => {
                Some((version, at))
            }
            Standing::Retired { last, .. } => last,
        }
    }

    /// The version on the shelf.
    pub fn on_shelf(&self) -> Option<Version> {
        match self.standing {
            Standing::Published { version, .. } => Some(version),
            Standing::Unpublished | Standing::Suspended { .. } | Standing::Retired { .. } => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// New terms, by someone who has seen `newest` as the newest version.
    Revise {
        newest: Version,
    },
    Submit {
        version: Version,
    },
    Return {
        version: Version,
    },
    Approve {
        version: Version,
    },
    /// `from`: the terms' own first day; `ended`: whether their last day has passed.
    Publish {
        version: Version,
        from: Option<NaiveDate>,
        ended: bool,
    },
    /// The day for which a version was published has come.
    TakeEffect {
        version: Version,
    },
    Withdraw {
        version: Version,
    },
    Suspend,
    /// `ended`: whether the last day of the terms has passed.
    Resume {
        ended: bool,
    },
    Retire,
}

/// Who commands, and when.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    pub by: &'a Person,
    pub side: Side,
    pub now: DateTime<Utc>,
    /// The date of `now` in the zone.
    pub today: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Revised { version: Version, stage: Stage, author: Person },
    Submitted { version: Version, by: Person },
    Returned { version: Version },
    Approved { version: Version },
    Scheduled { version: Version, on: NaiveDate },
    Published { version: Version, at: DateTime<Utc> },
    Withdrawn { version: Version },
    Suspended { version: Version, since: DateTime<Utc>, by: Side },
    Resumed { version: Version },
    Retired { at: DateTime<Utc> },
}

impl Event {
    /// As the record of acts names it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Revised { .. } => "REVISED",
            Self::Submitted { .. } => "SUBMITTED",
            Self::Returned { .. } => "RETURNED",
            Self::Approved { .. } => "APPROVED",
            Self::Scheduled { .. } => "SCHEDULED",
            Self::Published { .. } => "PUBLISHED",
            Self::Withdrawn { .. } => "WITHDRAWN",
            Self::Suspended { .. } => "SUSPENDED",
            Self::Resumed { .. } => "RESUMED",
            Self::Retired { .. } => "RETIRED",
        }
    }
}

/// What a command comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Executed(Event),
    AlreadyApplied,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("a retired product takes no {0:?}")]
    Retired(Command),
    #[error("the newest version is {newest}, not {seen}")]
    MovedOn { newest: Version, seen: Version },
    #[error("there is no version {0}")]
    NoSuchVersion(Version),
    /// The command is about another version than the one on its way, or about none.
    #[error("version {0} is not on its way to publication")]
    NotPending(Version),
    #[error("a version in {stage:?} takes no {command:?}")]
    WrongStage { stage: Stage, command: Command },
    /// 第二人复核.
    #[error("who wrote or submitted a version does not review it")]
    SamePerson,
    #[error("nothing was ever published")]
    NeverPublished,
    #[error("the last day of the terms has passed")]
    Ended,
    #[error("the centre has suspended it, and its bank cannot resume it")]
    HeldByCentre,
}

/// Doing what has been done changes nothing.
///
/// # Errors
/// [`Refusal`].
pub fn decide(product: &Product, command: Command, act: &Act<'_>) -> Result<Step, Refusal> {
    match (product.standing, &command) {
        (Standing::Retired { .. }, Command::Retire) => Ok(Step::AlreadyApplied),
        (Standing::Retired { .. }, _) => Err(Refusal::Retired(command)),
        (_, Command::Retire) => Ok(Step::Executed(Event::Retired { at: act.now })),
        // It takes effect when the centre resumes the product.
        (Standing::Suspended { by: Side::Centre, .. }, Command::TakeEffect { .. }) => {
            Err(Refusal::HeldByCentre)
        }
        (standing, Command::Suspend) => suspend(standing, act),
        (_, Command::Resume { ended }) => resume(product, *ended, act),
        (standing, Command::Revise { newest }) => revise(product, standing, *newest, act),
        (
            standing,
            Command::Submit { version }
            | Command::Return { version }
            | Command::Approve { version }
            | Command::Publish { version, .. }
            | Command::TakeEffect { version }
            | Command::Withdraw { version },
        ) => {
            let version = *version;
            if !(1..=product.newest).contains(&version) {
                return Err(Refusal::NoSuchVersion(version));
            }
            let in_force =
                matches!(standing, Standing::Published { version: current, .. } if current == version);
            if in_force && matches!(command, Command::Publish { .. } | Command::TakeEffect { .. }) {
                return Ok(Step::AlreadyApplied);
            }
            match product.pending.as_ref().filter(|pending| pending.version == version) {
                Some(pending) => on_its_way(pending, command, act),
                None => Err(Refusal::NotPending(version)),
            }
        }
    }
}

fn suspend(standing: Standing, act: &Act<'_>) -> Result<Step, Refusal> {
    let suspended = |version| Step::Executed(Event::Suspended { version, since: act.now, by: act.side });
    match standing {
        Standing::Published { version, .. } => Ok(suspended(version)),
        // The centre's suspension takes the place of one that others could end.
        Standing::Suspended { version, by: Side::Bank | Side::Calendar, .. } if act.side == Side::Centre => {
            Ok(suspended(version))
        }
        Standing::Suspended { .. } => Ok(Step::AlreadyApplied),
        Standing::Unpublished | Standing::Retired { .. } => Err(Refusal::NeverPublished),
    }
}

/// A version whose day came while the centre held the product takes effect with that.
fn resume(product: &Product, ended: bool, act: &Act<'_>) -> Result<Step, Refusal> {
    match product.standing {
        Standing::Suspended { by: Side::Centre, .. } if act.side == Side::Bank => Err(Refusal::HeldByCentre),
        Standing::Suspended { version, .. } => match &product.pending {
            Some(Pending { version, stage: Stage::Scheduled(on), .. }) if *on <= act.today => {
                Ok(Step::Executed(Event::Published { version: *version, at: act.now }))
            }
            _ if ended => Err(Refusal::Ended),
            _ => Ok(Step::Executed(Event::Resumed { version })),
        },
        Standing::Published { .. } => Ok(Step::AlreadyApplied),
        Standing::Unpublished | Standing::Retired { .. } => Err(Refusal::NeverPublished),
    }
}

/// A change of what was published once is in review at once; before that it is a draft again.
fn revise(product: &Product, standing: Standing, seen: Version, act: &Act<'_>) -> Result<Step, Refusal> {
    let newest = product.newest;
    if seen != newest {
        return Err(Refusal::MovedOn { newest, seen });
    }
    let stage = match standing {
        Standing::Unpublished | Standing::Retired { .. } => Stage::Draft,
        Standing::Published { .. } | Standing::Suspended { .. } => Stage::InReview,
    };
    Ok(Step::Executed(Event::Revised { version: newest + 1, stage, author: act.by.clone() }))
}

fn on_its_way(pending: &Pending, command: Command, act: &Act<'_>) -> Result<Step, Refusal> {
    let (version, stage) = (pending.version, pending.stage);
    let own = pending.author == *act.by || pending.submitter.as_ref() == Some(act.by);
    match (stage, &command) {
        (Stage::Draft, Command::Submit { .. }) => {
            Ok(Step::Executed(Event::Submitted { version, by: act.by.clone() }))
        }
        (Stage::InReview, Command::Submit { .. })
        | (Stage::Returned, Command::Return { .. })
        | (Stage::Approved | Stage::Scheduled(_), Command::Approve { .. })
        | (Stage::Scheduled(_), Command::Publish { .. }) => Ok(Step::AlreadyApplied),
        (Stage::InReview, Command::Return { .. } | Command::Approve { .. }) if own => {
            Err(Refusal::SamePerson)
        }
        (Stage::InReview, Command::Return { .. }) => Ok(Step::Executed(Event::Returned { version })),
        (Stage::InReview, Command::Approve { .. }) => Ok(Step::Executed(Event::Approved { version })),
        (Stage::Approved, Command::Publish { ended: true, .. }) => Err(Refusal::Ended),
        (Stage::Approved, Command::Publish { from, .. }) => {
            Ok(Step::Executed(match from.filter(|from| *from > act.today) {
                Some(on) => Event::Scheduled { version, on },
                None => Event::Published { version, at: act.now },
            }))
        }
        (Stage::Scheduled(on), Command::TakeEffect { .. }) if on <= act.today => {
            Ok(Step::Executed(Event::Published { version, at: act.now }))
        }
        (_, Command::Withdraw { .. }) => Ok(Step::Executed(Event::Withdrawn { version })),
        _ => Err(Refusal::WrongStage { stage, command }),
    }
}

pub fn apply(product: Product, event: &Event) -> Product {
    let last = product.published();
    let next = Product { revision: product.revision + 1, ..product };
    let at_stage = |next: Product, stage| {
        let pending = next.pending.map(|pending| Pending { stage, ..pending });
        Product { pending, ..next }
    };
    match *event {
        Event::Revised { version, stage, ref author } => {
            let submitter = (stage == Stage::InReview).then(|| author.clone());
            let pending = Pending { version, stage, author: author.clone(), submitter };
            Product { newest: version, pending: Some(pending), ..next }
        }
        Event::Submitted { ref by, .. } => {
            let pending = next.pending.map(|pending| Pending {
                stage: Stage::InReview,
                submitter: Some(by.clone()),
                ..pending
            });
            Product { pending, ..next }
        }
        Event::Returned { .. } => at_stage(next, Stage::Returned),
        Event::Approved { .. } => at_stage(next, Stage::Approved),
        Event::Scheduled { on, .. } => at_stage(next, Stage::Scheduled(on)),
        Event::Published { version, at } => {
            Product { standing: Standing::Published { version, at }, pending: None, ..next }
        }
        Event::Withdrawn { .. } => Product { pending: None, ..next },
        Event::Suspended { version, since, by } => {
            let at = last.map_or(since, |(_, at)| at);
            Product { standing: Standing::Suspended { version, at, since, by }, ..next }
        }
        Event::Resumed { version } => match last {
            Some((_, at)) => Product { standing: Standing::Published { version, at }, ..next },
            None => next,
        },
        Event::Retired { at } => Product { standing: Standing::Retired { last, at }, pending: None, ..next },
    }
}

#[cfg(test)]
#[path = "product_tests.rs"]
mod tests;
