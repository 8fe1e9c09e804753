//! What is to happen to each case: it follows from the seed and the case's number alone.

use std::time::Duration;

use proto::intake::v1::{Application, Channel};
use rand::Rng as _;
use zhirong::simulate::Seed;
use zhirong::simulate::data::{self, Loaded, LoadedEnterprise};

/// What happens to a case from outside, beside what its institutions do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// Chosen where there is something to choose.
    Plain,
    /// Submitted twice by the same request, as after an answer that was lost.
    SubmittedTwice,
    /// The enterprise withdraws at some moment.
    Withdrawn,
    /// The enterprise takes its consent back at some moment.
    ConsentRevoked,
    /// Over the counter: a clerk accepts it.
    AtTheDesk,
    /// Asked for documents, which come.
    Supplemented,
    /// Asked for documents, which never come.
    NotSupplemented,
    /// A draft first.
    Drafted,
    /// Of a firm that a screening has excluded.
    Excluded,
    /// Everyone declines; another round, then it is given up or lapses.
    NobodyOffers,
    /// Nothing is chosen: it expires.
    NotChosen,
    /// Withdrawn after a bank has been chosen, or has approved.
    WithdrawnLate,
}

/// In percent.
const SHARES: [(Kind, u32); 12] = [
    (Kind::Plain, 36),
    (Kind::SubmittedTwice, 6),
    (Kind::Withdrawn, 12),
    (Kind::ConsentRevoked, 8),
    (Kind::AtTheDesk, 5),
    (Kind::Supplemented, 5),
    (Kind::NotSupplemented, 3),
    (Kind::Drafted, 5),
    (Kind::Excluded, 3),
    (Kind::NobodyOffers, 5),
    (Kind::NotChosen, 5),
    (Kind::WithdrawnLate, 7),
];

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) index: usize,
    pub(crate) kind: Kind,
    pub(crate) firm: LoadedEnterprise,
    /// After the start of the run.
    pub(crate) submitted_after: Duration,
    /// Of what happens at some moment, after the submission.
    pub(crate) moment: Duration,
    /// Which of the offers is chosen.
    pub(crate) nth: usize,
    pub(crate) with_evaluator: bool,
}

impl Kind {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        SHARES.into_iter().map(|(kind, _)| kind)
    }

    /// The first cases are one of each kind, so that a short run has all.
    fn of(seed: Seed, index: usize) -> Self {
        if let Some((kind, _)) = SHARES.get(index) {
            return *kind;
        }
        let mut place = seed.random("kind", &index.to_string()).random_range(0..100_u32);
        for (kind, share) in SHARES {
            if place < share {
                return kind;
            }
            place -= share;
        }
        Self::Plain
    }

    pub(crate) fn channel(self) -> Channel {
        match self {
            Self::AtTheDesk | Self::Supplemented | Self::NotSupplemented | Self::Drafted => Channel::Desk,
            _ => Channel::Api,
        }
    }
}

impl Plan {
    pub(crate) fn of(seed: Seed, index: usize, cases: usize, time: Duration, loaded: &Loaded) -> Self {
        let kind = Kind::of(seed, index);
        let mut random = seed.random("plan", &index.to_string());
        // The first forty are welcome everywhere.
        let firm = match kind {
            Kind::Excluded => &loaded.enterprises[44],
            _ => &loaded.enterprises[random.random_range(0..40_usize)],
        };
        let share =
            f64::from(u32::try_from(index).unwrap()) / f64::from(u32::try_from(cases.max(1)).unwrap());
        Self {
            index,
            kind,
            firm: firm.clone(),
            submitted_after: time.mul_f64(share * 0.9),
            moment: Duration::from_millis(random.random_range(0..14_000)),
            nth: random.random_range(0..4),
            with_evaluator: random.random_bool(0.4),
        }
    }

    /// The application; its purpose names the case to the institutions, which play by it.
    pub(crate) fn application(&self, seed: Seed) -> Application {
        let mut random = seed.random("application", &self.index.to_string());
        let drawn = data::application(&self.firm, &mut random);
        Application {
            amount_fen: drawn.amount_fen.min(500_000_000),
            term_months: drawn.term_months.min(24),
            purpose: format!("{PURPOSE}{}", self.index),
            cover_at_once: random.random_bool(0.2),
            ..drawn
        }
    }
}

const PURPOSE: &str = "流动资金周转，模拟编号";

/// Which case a dossier is about.
pub(crate) fn index_of(purpose: &str) -> Option<usize> {
    purpose.strip_prefix(PURPOSE)?.parse().ok()
}

/// Whether everyone declines this case.
pub(crate) fn nobody_offers(seed: Seed, index: usize) -> bool {
    Kind::of(seed, index) == Kind::NobodyOffers
}

#[test]
fn shares_make_a_hundred_and_a_plan_follows_from_the_seed() {
    assert_eq!(SHARES.iter().map(|(_, share)| share).sum::<u32>(), 100);
    assert_eq!(Kind::of(Seed(1), 77), Kind::of(Seed(1), 77));
    assert_eq!(index_of("流动资金周转，模拟编号12"), Some(12));
}
