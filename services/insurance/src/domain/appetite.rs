//! What an insurer or guarantor is ready to cover (承保意愿), and why a need does not fit it. Pure: whom to ask is a
//! function of what is needed and what has been declared.

use kernel::{
    BasisPoints, EnhancementMode, EnterpriseSize, Fen, Grade, InstitutionId, InstitutionRole, Months,
};

/// Core solvency (核心偿付能力充足率) of an insurer that may be asked: at least 75 % (domain.md §4.5).
pub const CORE_SOLVENCY: BasisPoints = BasisPoints::new(7_500);
/// Comprehensive solvency (综合偿付能力充足率): at least 150 %.
pub const COMPREHENSIVE_SOLVENCY: BasisPoints = BasisPoints::new(15_000);

/// The newest declaration of one institution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appetite {
    pub institution: InstitutionId,
    /// INSURER or GUARANTOR.
    pub role: InstitutionRole,
    pub kinds: Vec<EnhancementMode>,
    pub amount_min: Fen,
    pub amount_max: Fen,
    pub term_max: Months,
    /// Empty: all.
    pub parks: Vec<String>,
    /// Empty: all.
    pub sizes: Vec<EnterpriseSize>,
    /// `None`: firms that were never screened are welcome too.
    pub lowest_grade: Option<Grade>,
    /// Of insurers; nothing of guarantors.
    pub core_solvency: BasisPoints,
    pub comprehensive_solvency: BasisPoints,
    /// Of guarantors: 政府性融资担保, whose fees are capped.
    pub government_backed: bool,
    pub suspended: bool,
}

/// What cover is needed for; never for which bank, or how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub kinds: Vec<EnhancementMode>,
    /// The largest of the offers.
    pub amount: Fen,
    /// The longest.
    pub term: Months,
    pub park: String,
    pub size: Option<EnterpriseSize>,
    pub grade: Option<Grade>,
}

/// Why an institution is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    KindNotOffered,
    AmountBelowMin,
    AmountAboveMax,
    TermTooLong,
    ParkNotServed,
    SizeNotServed,
    GradeTooLow,
    SolvencyTooLow,
    Suspended,
    ConsentRecipientNotNamed,
}

impl Misfit {
    pub fn code(self) -> &'static str {
        match self {
            Self::KindNotOffered => "KIND_NOT_OFFERED",
            Self::AmountBelowMin => "AMOUNT_BELOW_MIN",
            Self::AmountAboveMax => "AMOUNT_ABOVE_MAX",
            Self::TermTooLong => "TERM_TOO_LONG",
            Self::ParkNotServed => "PARK_NOT_SERVED",
            Self::SizeNotServed => "SIZE_NOT_SERVED",
            Self::GradeTooLow => "GRADE_TOO_LOW",
            Self::SolvencyTooLow => "SOLVENCY_TOO_LOW",
            Self::Suspended => "SUSPENDED",
            Self::ConsentRecipientNotNamed => "CONSENT_RECIPIENT_NOT_NAMED",
        }
    }
}

/// The kinds of cover that an institution of this role can give.
pub fn kinds_of(role: InstitutionRole) -> &'static [EnhancementMode] {
    match role {
        InstitutionRole::Insurer => &[EnhancementMode::IpSuretyIns, EnhancementMode::IpCreditIns],
        InstitutionRole::Guarantor => &[EnhancementMode::IpGuarantee],
        InstitutionRole::Bank
        | InstitutionRole::ReGuarantor
        | InstitutionRole::Evaluator
        | InstitutionRole::IpFund
        | InstitutionRole::Investor
        | InstitutionRole::Exchange
        | InstitutionRole::IpAgency => &[],
    }
}

/// Whether both figures reach the gate (偿付能力, domain.md §4.5).
pub fn is_solvent(core: BasisPoints, comprehensive: BasisPoints) -> bool {
    core >= CORE_SOLVENCY && comprehensive >= COMPREHENSIVE_SOLVENCY
}

/// Every reason why this institution is not asked; none: it is. `recipients`: whom the consent names; empty: everyone.
pub fn misfits(appetite: &Appetite, need: &Need, recipients: &[InstitutionId]) -> Vec<Misfit> {
    let serves = |set: bool, found: bool| !set || found;
    let park = serves(!appetite.parks.is_empty(), appetite.parks.contains(&need.park));
    let size = need.size.is_some_and(|size| appetite.sizes.contains(&size));
    // A has the lowest number.
    let grade = appetite
        .lowest_grade
        .is_none_or(|lowest| need.grade.is_some_and(|grade| grade.number() <= lowest.number()));
    let solvent = appetite.role != InstitutionRole::Insurer
        || is_solvent(appetite.core_solvency, appetite.comprehensive_solvency);
    [
        (need.kinds.iter().any(|kind| appetite.kinds.contains(kind)), Misfit::KindNotOffered),
        (need.amount >= appetite.amount_min, Misfit::AmountBelowMin),
        (need.amount <= appetite.amount_max, Misfit::AmountAboveMax),
        (need.term <= appetite.term_max, Misfit::TermTooLong),
        (park, Misfit::ParkNotServed),
        (serves(!appetite.sizes.is_empty(), size), Misfit::SizeNotServed),
        (grade, Misfit::GradeTooLow),
        (solvent, Misfit::SolvencyTooLow),
        (!appetite.suspended, Misfit::Suspended),
        (
            serves(!recipients.is_empty(), recipients.contains(&appetite.institution)),
            Misfit::ConsentRecipientNotNamed,
        ),
    ]
    .into_iter()
    .filter(|(fits, _)| !fits)
    .map(|(_, misfit)| misfit)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn insurer() -> Appetite {
        Appetite {
            institution: InstitutionId::from_uuid(Uuid::from_u128(1)),
            role: InstitutionRole::Insurer,
            kinds: vec![EnhancementMode::IpSuretyIns],
            amount_min: Fen::new(1_000_000),
            amount_max: Fen::new(500_000_000),
            term_max: Months::new(24),
            parks: vec!["JY-GX".to_owned()],
            sizes: vec![EnterpriseSize::Small, EnterpriseSize::Micro],
            lowest_grade: Some(Grade::B),
            core_solvency: BasisPoints::new(7_500),
            comprehensive_solvency: BasisPoints::new(15_000),
            government_backed: false,
            suspended: false,
        }
    }

    fn need() -> Need {
        Need {
            kinds: vec![EnhancementMode::IpGuarantee, EnhancementMode::IpSuretyIns],
            amount: Fen::new(300_000_000),
            term: Months::new(12),
            park: "JY-GX".to_owned(),
            size: Some(EnterpriseSize::Small),
            grade: Some(Grade::B),
        }
    }

    fn misfit(change: impl FnOnce(&mut Appetite, &mut Need)) -> Vec<Misfit> {
        let (mut appetite, mut need) = (insurer(), need());
        change(&mut appetite, &mut need);
        misfits(&appetite, &need, &[])
    }

    #[test]
    fn each_reason_stands_by_itself() {
        assert_eq!(misfit(|_, _| {}), []);
        assert_eq!(misfit(|a, _| a.kinds = vec![EnhancementMode::IpCreditIns]), [Misfit::KindNotOffered]);
        assert_eq!(misfit(|_, n| n.amount = Fen::new(999_999)), [Misfit::AmountBelowMin]);
        assert_eq!(misfit(|_, n| n.amount = Fen::new(500_000_001)), [Misfit::AmountAboveMax]);
        assert_eq!(misfit(|_, n| n.term = Months::new(25)), [Misfit::TermTooLong]);
        assert_eq!(misfit(|_, n| n.park = "JY-HL".to_owned()), [Misfit::ParkNotServed]);
        assert_eq!(misfit(|_, n| n.size = Some(EnterpriseSize::Large)), [Misfit::SizeNotServed]);
        assert_eq!(misfit(|_, n| n.grade = Some(Grade::C)), [Misfit::GradeTooLow]);
        assert_eq!(misfit(|_, n| n.grade = None), [Misfit::GradeTooLow]);
        assert_eq!(misfit(|a, _| a.core_solvency = BasisPoints::new(7_499)), [Misfit::SolvencyTooLow]);
        let low = misfit(|a, _| a.comprehensive_solvency = BasisPoints::new(14_999));
        assert_eq!(low, [Misfit::SolvencyTooLow]);
        assert_eq!(misfit(|a, _| a.suspended = true), [Misfit::Suspended]);
        let other = InstitutionId::from_uuid(Uuid::from_u128(2));
        assert_eq!(misfits(&insurer(), &need(), &[other]), [Misfit::ConsentRecipientNotNamed]);
    }

    #[test]
    fn every_reason_is_told_at_once() {
        let found = misfit(|a, n| {
            *a = Appetite { kinds: Vec::new(), suspended: true, ..a.clone() };
            n.term = Months::new(36);
        });
        assert_eq!(found, [Misfit::KindNotOffered, Misfit::TermTooLong, Misfit::Suspended]);
    }

    #[test]
    fn what_is_left_open_welcomes_everyone_and_a_guarantor_has_no_solvency_gate() {
        let open = |a: &mut Appetite, n: &mut Need| {
            a.role = InstitutionRole::Guarantor;
            a.kinds = vec![EnhancementMode::IpGuarantee];
            (a.parks, a.sizes, a.lowest_grade) = (Vec::new(), Vec::new(), None);
            (a.core_solvency, a.comprehensive_solvency) = (BasisPoints::new(0), BasisPoints::new(0));
            (n.size, n.grade, n.park) = (None, None, String::new());
        };
        assert_eq!(misfit(open), []);
    }
}
