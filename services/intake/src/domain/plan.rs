//! Planning of a round: what a standing allows, and whom to ask. Pure: the answers of whitelist and catalog come in.

use chrono::{DateTime, Utc};
use kernel::{
    EnterpriseId, EnterpriseSize, Grade, InstitutionId, InstitutionRole, IpType, ProductId, Qualification,
    calendar::Span,
};
use std::collections::{HashMap, HashSet};

use super::{application::Channel, leg::Leg, subsidy::Subsidies};

/// What whitelist said of an application's enterprise, its assets and its consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// None: no enterprise has this USCC.
    pub profile: Option<Profile>,
    pub listed: bool,
    pub grade: Option<Grade>,
    /// Hard exclusions, "HX01" … (domain.md §4.4).
    pub exclusions: Vec<String>,
    /// None: active; else why not.
    pub consent_refusal: Option<String>,
    /// Whom the consent names; empty: every institution of the enterprise's own cases.
    pub recipients: Vec<InstitutionId>,
    pub assets: Vec<Asset>,
    /// Assets asked for that are unknown or another's.
    pub missing_assets: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub id: EnterpriseId,
    pub name: String,
    pub size: Option<EnterpriseSize>,
    pub industry: String,
    pub park: String,
    pub region: String,
    pub qualifications: Vec<Qualification>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    pub kind: IpType,
    pub number: String,
    pub title: String,
    pub filing_date: String,
    pub grant_date: String,
}

/// What follows from a standing, before any product is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Screening {
    /// A guard of acceptance does not hold: a clerk has to look.
    Held(Vec<String>),
    /// A hard exclusion: the case is rejected.
    Excluded(Vec<String>),
    Clear,
}

impl Standing {
    pub fn screen(&self) -> Screening {
        let mut held = Vec::new();
        if self.profile.is_none() {
            held.push("ENTERPRISE_UNKNOWN".to_owned());
        }
        held.extend(self.consent_refusal.clone());
        if self.missing_assets > 0 {
            held.push("ASSET_UNKNOWN".to_owned());
        }
        match (held.is_empty(), self.exclusions.is_empty()) {
            (false, _) => Screening::Held(held),
            (true, false) => Screening::Excluded(self.exclusions.clone()),
            (true, true) => Screening::Clear,
        }
    }

    /// Whether the consent lets this institution be asked.
    pub fn may_receive(&self, institution: InstitutionId) -> bool {
        self.recipients.is_empty() || self.recipients.contains(&institution)
    }

    /// How many assets of each kind, in the order of the code table.
    pub fn asset_counts(&self) -> Vec<(IpType, i32)> {
        let mut counts: HashMap<IpType, i32> = HashMap::new();
        for asset in &self.assets {
            *counts.entry(asset.kind).or_default() += 1;
        }
        IpType::ALL.iter().filter_map(|kind| counts.get(kind).map(|count| (*kind, *count))).collect()
    }
}

/// A product that fits, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fit {
    pub institution: InstitutionId,
    pub product: ProductId,
    pub version: i32,
}

/// Whom to ask: everyone that fits, once, but nobody with what it has been asked already.
pub fn roster(fits: &[Fit], asked: &[Fit]) -> Vec<Fit> {
    let asked: HashSet<&Fit> = asked.iter().collect();
    let mut seen = HashSet::new();
    fits.iter().filter(|fit| !asked.contains(fit) && seen.insert(fit.institution)).copied().collect()
}

/// Evaluators to ask for a valuation: everyone that the consent lets, but nobody whose earlier answer in this case still
/// serves. Only where a bank is asked.
pub fn evaluators(
    known: &[InstitutionId],
    standing: &Standing,
    before: &[Leg],
    now: DateTime<Utc>,
) -> Vec<InstitutionId> {
    let served: HashSet<InstitutionId> = before
        .iter()
        .filter(|leg| leg.role == InstitutionRole::Evaluator && leg.keeps_evaluator(now))
        .map(|leg| leg.institution)
        .collect();
    known.iter().copied().filter(|id| standing.may_receive(*id) && !served.contains(id)).collect()
}

/// What banks have been asked with, in any round.
pub fn asked(before: &[Leg]) -> Vec<Fit> {
    let fit = |leg: &Leg| {
        leg.product.map(|product| Fit {
            institution: leg.institution,
            product: product.id,
            version: product.version,
        })
    };
    before.iter().filter_map(fit).collect()
}

/// Settings that are policy, not rule: given by configuration (domain.md §2.9, §3.1, §3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub auto_accept: Vec<Channel>,
    /// How long institutions have for their answers.
    pub window: Span,
    /// How long an enterprise has to supplement.
    pub supplement: Span,
    /// After how many seconds a leg that shows no sign of life is issued again, in case its message was lost.
    pub ask_again_seconds: u32,
    /// How long after the window's end answers may still arrive that were given before it.
    pub grace_seconds: u32,
    /// How long insurance is waited for before the offers are ready without cover.
    pub cover: Span,
    /// How long an enterprise has to choose.
    pub selection: Span,
    /// How long a chosen bank has to approve.
    pub approval: Span,
    /// How long a case without an offer waits for another round.
    pub no_offer: Span,
    /// What the zone gives back of a loan's cost.
    pub subsidies: Subsidies,
}

impl Policy {
    pub fn accepts_by_itself(&self, channel: Channel) -> bool {
        self.auto_accept.contains(&channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::leg::LegState;
    use uuid::Uuid;

    fn fit(institution: u128, product: u128, version: i32) -> Fit {
        Fit {
            institution: InstitutionId::from_uuid(Uuid::from_u128(institution)),
            product: ProductId::from_uuid(Uuid::from_u128(product)),
            version,
        }
    }

    fn standing() -> Standing {
        Standing {
            profile: Some(Profile {
                id: EnterpriseId::from_uuid(Uuid::from_u128(1)),
                name: "济源市沁铅新材料有限公司".to_owned(),
                size: Some(EnterpriseSize::Small),
                industry: "C32".to_owned(),
                park: "JY-GX".to_owned(),
                region: "419001".to_owned(),
                qualifications: vec![Qualification::Hnte],
            }),
            listed: true,
            grade: Some(Grade::B),
            exclusions: Vec::new(),
            consent_refusal: None,
            recipients: Vec::new(),
            assets: Vec::new(),
            missing_assets: 0,
        }
    }

    #[test]
    fn an_institution_is_asked_again_only_with_another_product_or_version() {
        let fits = [fit(1, 10, 1), fit(2, 20, 2), fit(3, 30, 1)];
        let asked = [fit(1, 10, 1), fit(2, 20, 1)];
        assert_eq!(roster(&fits, &asked), [fit(2, 20, 2), fit(3, 30, 1)]);
        assert!(roster(&fits, &fits).is_empty());
    }

    #[test]
    fn an_institution_is_asked_once_however_many_products_fit() {
        assert_eq!(roster(&[fit(1, 10, 1), fit(1, 11, 1)], &[]), [fit(1, 10, 1)]);
    }

    #[test]
    fn a_missing_guard_holds_the_case_before_an_exclusion_rejects_it() {
        let clear = standing();
        assert_eq!(clear.screen(), Screening::Clear);
        let excluded = Standing { exclusions: vec!["HX01".to_owned()], ..clear.clone() };
        assert_eq!(excluded.screen(), Screening::Excluded(vec!["HX01".to_owned()]));
        let revoked = Standing { consent_refusal: Some("CONSENT_REVOKED".to_owned()), ..excluded };
        assert_eq!(revoked.screen(), Screening::Held(vec!["CONSENT_REVOKED".to_owned()]));
        let unknown = Standing { profile: None, missing_assets: 2, ..clear };
        assert_eq!(
            unknown.screen(),
            Screening::Held(vec!["ENTERPRISE_UNKNOWN".to_owned(), "ASSET_UNKNOWN".to_owned()])
        );
    }

    #[test]
    fn an_evaluator_is_asked_again_only_where_its_earlier_answer_no_longer_serves() {
        let now = DateTime::from_timestamp(1_000, 0).unwrap();
        let ids: Vec<InstitutionId> =
            (1..=5).map(|number| InstitutionId::from_uuid(Uuid::from_u128(number))).collect();
        let leg = |number: usize, state, until: i64| Leg {
            id: kernel::LegId::from_uuid(Uuid::from_u128(9)),
            case: kernel::CaseId::from_uuid(Uuid::from_u128(9)),
            round: 1,
            wave: 1,
            role: InstitutionRole::Evaluator,
            institution: ids[number],
            product: None,
            state,
            version: 1,
            issued_at: now,
            due_at: None,
            delivered_at: None,
            replied_at: None,
            standing_reply: None,
            standing: DateTime::from_timestamp(until, 0)
                .map(|valid_until| super::super::Standing { valid_until, loan: None }),
            asked: Vec::new(),
            asked_note: String::new(),
        };
        let before = [
            leg(0, LegState::Offered { seq: 1 }, 2_000),
            leg(1, LegState::Offered { seq: 1 }, 500),
            leg(2, LegState::TimedOut, 0),
            leg(3, LegState::Declined { reason: kernel::DeclineReason::R08 }, 0),
        ];
        assert_eq!(evaluators(&ids, &standing(), &before, now), [ids[1], ids[2], ids[4]]);
        let named = Standing { recipients: vec![ids[4]], ..standing() };
        assert_eq!(evaluators(&ids, &named, &[], now), [ids[4]]);
        assert!(asked(&before).is_empty(), "no product was asked for");
    }
}
