//! Which published products fit a need (融资需求), best first, and why the others do not.
//! A product fits or not by its terms alone; the bank decides about the firm later.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kernel::{
    BasisPoints, EnhancementMode, EnterpriseSize, Fen, Grade, InstitutionId, IpType, Months, ProductId,
    Qualification, RepaymentMethod,
};

use super::{
    agreement::Cover,
    choices::LprTenor,
    codes::{Code, CodeSet, Park, Region},
    product::Version,
    rank::{RankedBy, rank},
    terms::ProductTerms,
};

/// What an enterprise asks for and what it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub amount: Fen,
    pub term: Months,
    /// `None`: not known; then only products for everywhere fit.
    pub region: Option<Region>,
    pub park: Option<Park>,
    pub size: Option<EnterpriseSize>,
    /// Valid today.
    pub qualifications: CodeSet<Qualification>,
    /// How many assets of each type; a type occurs once.
    pub assets: Vec<(IpType, u32)>,
    /// `None`: never screened.
    pub grade: Option<Grade>,
    /// What the enterprise would accept; empty: any.
    pub enhancement: CodeSet<EnhancementMode>,
    pub repayment: CodeSet<RepaymentMethod>,
    /// It has never had a bank loan (首贷).
    pub first_loan: bool,
    /// It asks for renewal without repayment (无还本续贷).
    pub renewal: bool,
}

/// A product version in force, with what of its institution counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub product_id: ProductId,
    pub version: Version,
    pub institution_id: InstitutionId,
    /// Whether the bank has named the department that answers for IP finance.
    pub has_department: bool,
    /// Whether the institution receives cases only under an agreement.
    pub agreement_required: bool,
    /// The agreements that it is party to and that have not ended for good.
    pub agreements: Vec<Cover>,
    pub terms: ProductTerms,
}

/// What matching stands on beside products and need.
pub struct Ground<'a> {
    /// The day on which it is asked.
    pub today: NaiveDate,
    /// The LPR of that day for this term; `None` where the table does not reach.
    pub lpr: &'a dyn Fn(Months, Option<LprTenor>) -> Option<BasisPoints>,
    /// Parks whose cases go only to institutions with an agreement.
    pub agreement_parks: &'a BTreeSet<Park>,
}

/// Why a product fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FitReason {
    AmountInRange,
    TermInRange,
    RegionServed,
    ParkServed,
    SizeServed,
    QualificationHeld,
    IpAccepted,
    GradeSufficient,
    EnhancementOffered,
    RepaymentOffered,
    AgreementInForce,
    FirstLoanTaken,
    RenewalOffered,
}

impl FitReason {
    pub fn code(self) -> &'static str {
        match self {
            Self::AmountInRange => "AMOUNT_IN_RANGE",
            Self::TermInRange => "TERM_IN_RANGE",
            Self::RegionServed => "REGION_SERVED",
            Self::ParkServed => "PARK_SERVED",
            Self::SizeServed => "SIZE_SERVED",
            Self::QualificationHeld => "QUALIFICATION_HELD",
            Self::IpAccepted => "IP_ACCEPTED",
            Self::GradeSufficient => "GRADE_SUFFICIENT",
            Self::EnhancementOffered => "ENHANCEMENT_OFFERED",
            Self::RepaymentOffered => "REPAYMENT_OFFERED",
            Self::AgreementInForce => "AGREEMENT_IN_FORCE",
            Self::FirstLoanTaken => "FIRST_LOAN_TAKEN",
            Self::RenewalOffered => "RENEWAL_OFFERED",
        }
    }
}

/// Why a product does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MisfitReason {
    NoResponsibleDepartment,
    AmountBelowMin,
    AmountAboveMax,
    TermBelowMin,
    TermAboveMax,
    RegionNotServed,
    ParkNotServed,
    SizeNotServed,
    QualificationMissing,
    IpNotAccepted,
    TooFewAssets,
    NotScreened,
    GradeTooLow,
    EnhancementNotOffered,
    RepaymentNotOffered,
    /// The institution, or the park, asks for an agreement, and none is in force.
    NoAgreement,
    FirstLoanNotTaken,
    RenewalNotOffered,
    /// It fits, but its institution has one that fits better, and each institution is asked about one product.
    BetterProductOfInstitution,
}

impl MisfitReason {
    pub fn code(self) -> &'static str {
        match self {
            Self::NoResponsibleDepartment => "NO_RESPONSIBLE_DEPARTMENT",
            Self::AmountBelowMin => "AMOUNT_BELOW_MIN",
            Self::AmountAboveMax => "AMOUNT_ABOVE_MAX",
            Self::TermBelowMin => "TERM_BELOW_MIN",
            Self::TermAboveMax => "TERM_ABOVE_MAX",
            Self::RegionNotServed => "REGION_NOT_SERVED",
            Self::ParkNotServed => "PARK_NOT_SERVED",
            Self::SizeNotServed => "SIZE_NOT_SERVED",
            Self::QualificationMissing => "QUALIFICATION_MISSING",
            Self::IpNotAccepted => "IP_NOT_ACCEPTED",
            Self::TooFewAssets => "TOO_FEW_ASSETS",
            Self::NotScreened => "NOT_SCREENED",
            Self::GradeTooLow => "GRADE_TOO_LOW",
            Self::EnhancementNotOffered => "ENHANCEMENT_NOT_OFFERED",
            Self::RepaymentNotOffered => "REPAYMENT_NOT_OFFERED",
            Self::NoAgreement => "NO_AGREEMENT",
            Self::FirstLoanNotTaken => "FIRST_LOAN_NOT_TAKEN",
            Self::RenewalNotOffered => "RENEWAL_NOT_OFFERED",
            Self::BetterProductOfInstitution => "BETTER_PRODUCT_OF_INSTITUTION",
        }
    }
}

/// A product that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    /// Among the products given.
    pub position: usize,
    pub reasons: Vec<FitReason>,
    /// Comparable yearly cost at the lowest rate, fees included; `None` while no LPR is known for a floating rate.
    pub yearly_cost: Option<BasisPoints>,
    /// What puts it behind the one before it; `None` for the first.
    pub ranked_by: Option<RankedBy>,
}

/// One need's answer; positions are those of the products given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Match {
    /// Best first; at most one product of an institution.
    pub fits: Vec<Fit>,
    /// In the order of the products; only if asked for.
    pub misfits: Vec<(usize, Vec<MisfitReason>)>,
}

/// Matches one need. Same products, need and ground give the same answer, in whatever order the products come.
pub fn match_need(need: &Need, products: &[Published], ground: &Ground<'_>, explain: bool) -> Match {
    let mut answer = Match::default();
    let mut fitting = Vec::new();
    for (position, product) in products.iter().enumerate() {
        if misfit(need, product, ground).next().is_none() {
            fitting.push((rank(need, product, ground), position));
        } else if explain {
            answer.misfits.push((position, misfit(need, product, ground).collect()));
        }
    }
    fitting.sort();
    let mut asked = BTreeSet::new();
    let mut before = None;
    for (rank, position) in fitting {
        let product = &products[position];
        if asked.insert(product.institution_id) {
            answer.fits.push(Fit {
                position,
                reasons: fit(need, product, ground),
                yearly_cost: rank.yearly_cost(),
                ranked_by: before.as_ref().and_then(|before| rank.behind(before)),
            });
            before = Some(rank);
        } else if explain {
            answer.misfits.push((position, vec![MisfitReason::BetterProductOfInstitution]));
        }
    }
    answer.misfits.sort_by_key(|(position, _)| *position);
    answer
}

/// Every reason against, lazily: the first is enough where nobody asks for all.
fn misfit<'a>(
    need: &'a Need,
    product: &'a Published,
    ground: &'a Ground<'a>,
) -> impl Iterator<Item = MisfitReason> + 'a {
    let terms = &product.terms;
    let mut checks = 0;
    std::iter::from_fn(move || {
        loop {
            checks += 1;
            let reason = match checks {
                1 => (!product.has_department).then_some(MisfitReason::NoResponsibleDepartment),
                2 => (need.amount < terms.amount.min()).then_some(MisfitReason::AmountBelowMin),
                3 => (need.amount > terms.amount.max()).then_some(MisfitReason::AmountAboveMax),
                4 => (need.term < terms.term.min()).then_some(MisfitReason::TermBelowMin),
                5 => (need.term > terms.term.max()).then_some(MisfitReason::TermAboveMax),
                6 => not_served(&terms.regions, need.region).then_some(MisfitReason::RegionNotServed),
                7 => not_served(&terms.parks, need.park).then_some(MisfitReason::ParkNotServed),
                8 => (!terms.sizes.is_empty() && !need.size.is_some_and(|size| terms.sizes.contains(size)))
                    .then_some(MisfitReason::SizeNotServed),
                9 => (!terms.any_qualification.is_empty()
                    && !terms.any_qualification.meets(need.qualifications))
                .then_some(MisfitReason::QualificationMissing),
                10 => assets(need, terms),
                11 => grade(need.grade, terms.lowest_grade),
                12 => not_offered(need.enhancement, terms.enhancement)
                    .then_some(MisfitReason::EnhancementNotOffered),
                13 => {
                    not_offered(need.repayment, terms.repayment).then_some(MisfitReason::RepaymentNotOffered)
                }
                14 => (agreement_required(need, product, ground) && !has_agreement(need, product, ground))
                    .then_some(MisfitReason::NoAgreement),
                15 => (need.first_loan && !terms.conditions.first_loan_ok)
                    .then_some(MisfitReason::FirstLoanNotTaken),
                16 => {
                    (need.renewal && !terms.conditions.renewal_ok).then_some(MisfitReason::RenewalNotOffered)
                }
                _ => return None,
            };
            if reason.is_some() {
                return reason;
            }
        }
    })
}

fn not_served<T: Ord + Copy>(served: &BTreeSet<T>, place: Option<T>) -> bool {
    !served.is_empty() && !place.is_some_and(|place| served.contains(&place))
}

fn not_offered<C: Code>(accepted: CodeSet<C>, offered: CodeSet<C>) -> bool {
    !accepted.is_empty() && !accepted.meets(offered)
}

fn assets(need: &Need, terms: &ProductTerms) -> Option<MisfitReason> {
    let accepted = need.assets.iter().filter(|(kind, _)| terms.accepted_ip.contains(*kind));
    let count = accepted.fold(0_u32, |sum, (_, count)| sum.saturating_add(*count));
    match count {
        0 => Some(MisfitReason::IpNotAccepted),
        count if count < u32::from(terms.min_assets) => Some(MisfitReason::TooFewAssets),
        _ => None,
    }
}

fn grade(held: Option<Grade>, lowest: Option<Grade>) -> Option<MisfitReason> {
    match (held, lowest) {
        (_, None) => None,
        (None, Some(_)) => Some(MisfitReason::NotScreened),
        // A is the best and comes first.
        (Some(held), Some(lowest)) => (held.number() > lowest.number()).then_some(MisfitReason::GradeTooLow),
    }
}

fn agreement_required(need: &Need, product: &Published, ground: &Ground<'_>) -> bool {
    product.agreement_required || need.park.is_some_and(|park| ground.agreement_parks.contains(&park))
}

fn has_agreement(need: &Need, product: &Published, ground: &Ground<'_>) -> bool {
    product.agreements.iter().any(|cover| cover.holds(ground.today, need.park))
}

/// What the product was matched on: only what its terms or the need restrict counts as a reason.
fn fit(need: &Need, product: &Published, ground: &Ground<'_>) -> Vec<FitReason> {
    let terms = &product.terms;
    let all = [
        (true, FitReason::AmountInRange),
        (true, FitReason::TermInRange),
        (!terms.regions.is_empty(), FitReason::RegionServed),
        (!terms.parks.is_empty(), FitReason::ParkServed),
        (!terms.sizes.is_empty(), FitReason::SizeServed),
        (!terms.any_qualification.is_empty(), FitReason::QualificationHeld),
        (true, FitReason::IpAccepted),
        (terms.lowest_grade.is_some(), FitReason::GradeSufficient),
        (true, FitReason::EnhancementOffered),
        (true, FitReason::RepaymentOffered),
        (agreement_required(need, product, ground), FitReason::AgreementInForce),
        (need.first_loan, FitReason::FirstLoanTaken),
        (need.renewal, FitReason::RenewalOffered),
    ];
    all.into_iter().filter_map(|(counts, reason)| counts.then_some(reason)).collect()
}
