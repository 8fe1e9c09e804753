//! How a simulated institution behaves towards one assignment, and how long it takes over it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use kernel::{DeclineReason, InstitutionId};
use proto::intake::v1::Dossier;
use rand::Rng;
use rand::seq::IndexedRandom as _;

/// What an institution does with one assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// 报价
    Offer,
    /// 谢绝
    Decline(DeclineReason),
    /// Asks for documents, and offers when they have come (先要求补充材料).
    AskThenOffer,
    /// Sends its offer twice by the same request, then a better one (报价两次).
    OfferTwice,
    /// Reads and never answers (不答复).
    Silent,
    /// Answers after the window (逾期答复).
    Late,
}

/// What an institution does after its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sequel {
    /// Confirms once it is chosen: a bank approves, an evaluator also delivers its report (确认).
    Confirm,
    /// Refuses once it is chosen (选定后拒绝).
    Refuse,
    /// Does nothing when it is chosen (不确认).
    Ignore,
    /// Takes its answer back by itself (撤回报价).
    TakeBack,
}

/// Everything that an institution does with one assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conduct {
    pub script: Script,
    pub sequel: Sequel,
}

/// Chooses the conduct of an institution towards one case, before its manner does; `None` leaves it to the manner.
#[derive(Clone)]
pub struct Casting {
    choose: Arc<Choose>,
    patience: Duration,
}

/// Between two questions of a patient casting.
const ASK_AGAIN: Duration = Duration::from_millis(50);

type Choose = dyn Fn(&Dossier, InstitutionId) -> Option<Conduct> + Send + Sync;

impl Casting {
    pub fn new(choose: impl Fn(&Dossier, InstitutionId) -> Option<Conduct> + Send + Sync + 'static) -> Self {
        Self { choose: Arc::new(choose), patience: Duration::ZERO }
    }

    /// Asks again for so long where there is nothing to say yet.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Leaves everything to the manner.
    pub fn none() -> Self {
        Self::new(|_, _| None)
    }

    pub(super) async fn choose(&self, dossier: &Dossier, institution: InstitutionId) -> Option<Conduct> {
        let until = tokio::time::Instant::now() + self.patience;
        loop {
            let chosen = (self.choose)(dossier, institution);
            if chosen.is_some() || tokio::time::Instant::now() >= until {
                return chosen;
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }
}

impl fmt::Debug for Casting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Casting")
    }
}

/// How an institution chooses its script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// The same for every assignment; confirms when it is chosen.
    Always(Script),
    /// As banks do, by chance: most offer, some decline or ask, a few stay silent or are late.
    Mixed,
}

/// In percent; of `Mixed`.
const SHARES: [(u32, Choice); 6] = [
    (62, Choice::Offer),
    (14, Choice::Decline),
    (8, Choice::AskThenOffer),
    (6, Choice::OfferTwice),
    (6, Choice::Silent),
    (4, Choice::Late),
];

#[derive(Clone, Copy)]
enum Choice {
    Offer,
    Decline,
    AskThenOffer,
    OfferTwice,
    Silent,
    Late,
}

/// In percent; of `Mixed`, after an offer.
const SEQUELS: [(u32, Sequel); 4] =
    [(86, Sequel::Confirm), (6, Sequel::Refuse), (4, Sequel::Ignore), (4, Sequel::TakeBack)];

/// Reasons that need no words.
const REASONS: [DeclineReason; 6] = [
    DeclineReason::R01,
    DeclineReason::R02,
    DeclineReason::R03,
    DeclineReason::R05,
    DeclineReason::R07,
    DeclineReason::R08,
];

impl Manner {
    /// What to do with the next assignment.
    pub fn conduct(self, random: &mut impl Rng) -> Conduct {
        match self {
            Self::Always(script) => Conduct { script, sequel: Sequel::Confirm },
            Self::Mixed => Conduct { script: mixed(random), sequel: sequel(random) },
        }
    }
}

fn sequel(random: &mut impl Rng) -> Sequel {
    let mut drawn = random.random_range(0..100_u32);
    for (share, sequel) in SEQUELS {
        if drawn < share {
            return sequel;
        }
        drawn -= share;
    }
    Sequel::Confirm
}

fn mixed(random: &mut impl Rng) -> Script {
    let mut drawn = random.random_range(0..100_u32);
    for (share, choice) in SHARES {
        if drawn < share {
            return match choice {
                Choice::Offer => Script::Offer,
                Choice::Decline => {
                    Script::Decline(REASONS.choose(random).copied().unwrap_or(DeclineReason::R01))
                }
                Choice::AskThenOffer => Script::AskThenOffer,
                Choice::OfferTwice => Script::OfferTwice,
                Choice::Silent => Script::Silent,
                Choice::Late => Script::Late,
            };
        }
        drawn -= share;
    }
    Script::Offer
}

/// How long an institution thinks, `0.2s..2s`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delays {
    pub least: Duration,
    pub most: Duration,
}

impl Delays {
    /// Evenly between the two.
    pub fn draw(self, random: &mut impl Rng) -> Duration {
        self.least + (self.most - self.least).mul_f64(random.random_range(0.0..=1.0))
    }
}

impl FromStr for Delays {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "e.g. 0.2s..2s: seconds, the smaller first, at most 86400s";
        let (least, most) = text.split_once("..").unwrap_or((text, text));
        let seconds = |text: &str| {
            let number: f64 = text.trim().strip_suffix('s')?.parse().ok()?;
            (0.0..=86_400.0).contains(&number).then(|| Duration::from_secs_f64(number))
        };
        match (seconds(least), seconds(most)) {
            (Some(least), Some(most)) if least <= most => Ok(Self { least, most }),
            _ => Err(FORM),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::seed::Seed;
    use super::*;

    #[test]
    fn shares_make_a_hundred_and_every_script_occurs() {
        assert_eq!(SHARES.iter().map(|(share, _)| share).sum::<u32>(), 100);
        assert_eq!(SEQUELS.iter().map(|(share, _)| share).sum::<u32>(), 100);
        let mut random = Seed(1).random("scripts", "");
        let kinds: BTreeSet<String> = (0..500)
            .map(|_| format!("{:?}", Manner::Mixed.conduct(&mut random).script))
            .map(|text| text.split('(').next().unwrap().to_owned())
            .collect();
        assert_eq!(kinds.len(), SHARES.len(), "{kinds:?}");
        let sequels: BTreeSet<String> =
            (0..500).map(|_| format!("{:?}", Manner::Mixed.conduct(&mut random).sequel)).collect();
        assert_eq!(sequels.len(), SEQUELS.len(), "{sequels:?}");
        let always = Manner::Always(Script::Late).conduct(&mut random);
        assert_eq!(always, Conduct { script: Script::Late, sequel: Sequel::Confirm });
    }

    #[test]
    fn delays_are_read_and_drawn_within_their_ends() {
        let delays: Delays = "0.2s..2s".parse().unwrap();
        assert_eq!(delays, Delays { least: Duration::from_millis(200), most: Duration::from_secs(2) });
        let mut random = Seed(1).random("delays", "");
        assert!((0..100).all(|_| (delays.least..=delays.most).contains(&delays.draw(&mut random))));
        assert_eq!("1s".parse::<Delays>().unwrap().least, Duration::from_secs(1));
        for wrong in ["", "1", "2s..1s", "-1s..1s", "1s..", "NaNs", "infs", "1s..1e9s"] {
            assert!(wrong.parse::<Delays>().is_err(), "{wrong}");
        }
    }
}
