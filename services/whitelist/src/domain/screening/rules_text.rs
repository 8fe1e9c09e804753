//! How exclusion rules are written (TOML), and how they become rules.

use serde::Deserialize;

use crate::domain::standing::Exclusion;

use super::rules::{Basis, Effect, Rule, Rulebook};
use super::scorecard::CardError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    restricted_industries: Vec<String>,
    regions: Vec<String>,
    parks: Vec<String>,
    exclusion: Vec<RuleText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    code: String,
    name: String,
    effect: String,
    basis: String,
    #[serde(default)]
    consent: bool,
    cure: String,
}

impl Rulebook {
    /// Reads and checks the rules: each exclusion once, none left out.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn parse(text: &str) -> Result<Self, Vec<CardError>> {
        let text: Text =
            toml::from_str(text).map_err(|error| vec![CardError::Unreadable(error.to_string())])?;
        let mut faults = Vec::new();
        let mut rules: Vec<Rule> =
            text.exclusion.into_iter().filter_map(|one| rule(one, &mut faults)).collect();
        rules.sort_by_key(|rule| rule.exclusion);
        for pair in rules.windows(2) {
            if let [one, other] = pair
                && one.exclusion == other.exclusion
            {
                faults.push(CardError::Twice(one.exclusion.to_string()));
            }
        }
        let missing = Exclusion::all().filter(|one| rules.iter().all(|rule| rule.exclusion != *one));
        faults.extend(missing.map(|one| CardError::Missing(one.to_string())));
        if text.regions.is_empty() {
            faults.push(CardError::Missing("regions".to_owned()));
        }
        if text.parks.is_empty() {
            faults.push(CardError::Missing("parks".to_owned()));
        }
        // The empty beginning would restrict every industry.
        if text.restricted_industries.iter().any(String::is_empty) {
            faults.push(CardError::Missing("restricted_industries".to_owned()));
        }
        let (restricted_industries, regions, parks) = (text.restricted_industries, text.regions, text.parks);
        let book = Self { rules, restricted_industries, regions, parks };
        if faults.is_empty() { Ok(book) } else { Err(faults) }
    }
}

fn rule(text: RuleText, faults: &mut Vec<CardError>) -> Option<Rule> {
    let mut known = |ok: bool, what: &str| {
        if !ok {
            faults.push(CardError::Unknown(what.to_owned()));
        }
    };
    let exclusion = Exclusion::parse(&text.code);
    known(exclusion.is_some(), &text.code);
    let effect = match text.effect.as_str() {
        "REJECT" => Some(Effect::Reject),
        "SUSPEND" => Some(Effect::Suspend),
        _ => None,
    };
    known(effect.is_some(), &text.effect);
    let basis = match text.basis.as_str() {
        "SOURCE" => Some(Basis::Source),
        "RECORD" => Some(Basis::Record),
        "ASSETS" => Some(Basis::Assets),
        "INDUSTRY" => Some(Basis::Industry),
        "PLACE" => Some(Basis::Place),
        _ => None,
    };
    known(basis.is_some(), &text.basis);
    Some(Rule {
        exclusion: exclusion?,
        name: text.name,
        effect: effect?,
        basis: basis?,
        consent: text.consent,
        cure: text.cure,
    })
}
