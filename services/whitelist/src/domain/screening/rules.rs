//! The hard exclusions (硬性排除) as rules: what each goes by, whether it rejects or suspends, and what cures it.

use crate::domain::standing::Exclusion;

use super::evidence::Evidence;

/// What becomes of who meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Reject,
    /// Can be cured.
    Suspend,
}

impl Effect {
    pub fn code(self) -> &'static str {
        match self {
            Self::Reject => "REJECT",
            Self::Suspend => "SUSPEND",
        }
    }
}

/// What a rule goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Snapshots of outside sources, or what a person put on record.
    Source,
    /// What a person put on record alone.
    Record,
    /// The states of the enterprise's rights.
    Assets,
    Industry,
    Place,
}

/// What a rule says of one enterprise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Hit,
    Clear,
    /// It needs a consent that there is not, or no source is connected that would tell.
    NotAsked,
    /// Its source has not been heard.
    Pending,
}

impl Status {
    pub fn code(self) -> &'static str {
        match self {
            Self::Hit => "HIT",
            Self::Clear => "CLEAR",
            Self::NotAsked => "NOT_ASKED",
            Self::Pending => "PENDING_SOURCE",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub exclusion: Exclusion,
    pub name: String,
    pub effect: Effect,
    pub basis: Basis,
    /// Asked only with the enterprise's consent to credit data.
    pub consent: bool,
    pub cure: String,
}

/// All fifteen rules, in order, with the data that they go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rulebook {
    pub rules: Vec<Rule>,
    /// Beginnings of GB/T 4754 codes.
    pub restricted_industries: Vec<String>,
    pub regions: Vec<String>,
    pub parks: Vec<String>,
}

impl Rulebook {
    pub fn find(&self, exclusion: Exclusion) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.exclusion == exclusion)
    }

    /// What `rule` says. Without consent nothing is asked, whatever is known.
    pub fn status(&self, rule: &Rule, evidence: &Evidence) -> Status {
        if rule.consent && !evidence.credit_consent {
            return Status::NotAsked;
        }
        let found = evidence.findings.contains(rule.exclusion);
        let hit = match rule.basis {
            Basis::Source | Basis::Record => found,
            Basis::Assets => found || evidence.assets > 0 && evidence.usable == 0,
            Basis::Industry => {
                found || self.restricted_industries.iter().any(|code| evidence.industry.starts_with(code))
            }
            Basis::Place => {
                found || !self.regions.contains(&evidence.region) || !self.parks.contains(&evidence.park)
            }
        };
        match rule.basis {
            _ if hit => Status::Hit,
            Basis::Source if evidence.unheard.contains(rule.exclusion) => Status::Pending,
            Basis::Source if evidence.unasked.contains(rule.exclusion) => Status::NotAsked,
            Basis::Source | Basis::Record | Basis::Assets | Basis::Industry | Basis::Place => Status::Clear,
        }
    }
}
