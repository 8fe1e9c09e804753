//! One enterprise before the rules and the card: what goes in, what comes out.

use kernel::{EnterpriseId, Grade};
use uuid::Uuid;

use super::exclusions::Exclusions;
use super::feature::Features;
use super::rules::{Effect, Rulebook, Status};
use super::scorecard::{Points, Scorecard};

/// What the exclusion rules go by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// Found in snapshots or put on record, and not cured.
    pub findings: Exclusions,
    /// Exclusions whose source should have been heard and was not.
    pub unheard: Exclusions,
    /// Exclusions that no source is connected for: nobody was asked.
    pub unasked: Exclusions,
    /// A consent that covers credit data holds on the day.
    pub credit_consent: bool,
    /// Rights in the register, and those of them that are neither terminated nor in dispute.
    pub assets: i32,
    pub usable: i32,
    pub industry: String,
    pub region: String,
    pub park: String,
}

/// Everything that a result rests on: a run pins it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub enterprise_id: EnterpriseId,
    pub enterprise_version: i32,
    pub features: Features,
    pub evidence: Evidence,
    /// The snapshots that were looked at.
    pub snapshots: Vec<Uuid>,
}

/// What the rules say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    pub hits: Exclusions,
    pub not_asked: Exclusions,
    pub pending: Exclusions,
}

impl Outcome {
    /// Whether one of the hits cannot be cured within a suspension.
    pub fn rejects(&self, rules: &Rulebook) -> bool {
        self.hits.iter().any(|hit| rules.find(hit).is_none_or(|rule| rule.effect == Effect::Reject))
    }
}

/// A result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screened {
    pub total: Points,
    pub grade: Grade,
    pub outcome: Outcome,
    /// No exclusion, every source heard, and points enough. An exclusion always wins (C29).
    pub eligible: bool,
}

/// Screens one enterprise.
pub fn screen(subject: &Subject, card: &Scorecard, rules: &Rulebook) -> Screened {
    let mut outcome = Outcome::default();
    for rule in &rules.rules {
        match rules.status(rule, &subject.evidence) {
            Status::Hit => outcome.hits.insert(rule.exclusion),
            Status::NotAsked => outcome.not_asked.insert(rule.exclusion),
            Status::Pending => outcome.pending.insert(rule.exclusion),
            Status::Clear => {}
        }
    }
    let verdict = card.verdict(&subject.features);
    let eligible = verdict.passes && outcome.hits.is_empty() && outcome.pending.is_empty();
    Screened { total: verdict.total, grade: verdict.grade, outcome, eligible }
}
