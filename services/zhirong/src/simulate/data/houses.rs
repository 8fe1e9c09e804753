//! Insurers, guarantors and evaluators of the demonstration zone (domain.md §9), and on what terms they answer. All are
//! made up.

use proto::common::v1::{EnhancementMode as With, EnterpriseSize, Grade, InstitutionRole};
use proto::insurance::v1::{Appetite, InsuranceKind};

const WAN_FEN: i64 = 1_000_000;

/// On what terms an insurer quotes (domain.md §4.5).
#[derive(Clone, Debug, PartialEq)]
pub struct InsurerTerms {
    pub kinds: Vec<InsuranceKind>,
    pub coverage_bp: i32,
    /// Yearly premium, from and to.
    pub premium_bp: (i32, i32),
    pub min_premium_fen: i64,
    pub amount_max_fen: i64,
    pub term_max_months: i32,
    pub core_solvency_bp: i32,
    pub comprehensive_solvency_bp: i32,
}

/// On what terms a guarantor commits itself.
#[derive(Clone, Debug, PartialEq)]
pub struct GuarantorTerms {
    pub cover_bp: i32,
    /// Yearly fee, from and to.
    pub fee_bp: (i32, i32),
    pub amount_max_fen: i64,
    pub term_max_months: i32,
    pub government_backed: bool,
}

/// On what terms an evaluator works.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluatorTerms {
    /// For each right, in yuan, from and to.
    pub fee_yuan: (i32, i32),
    pub working_days: (i32, i32),
    pub licence_no: &'static str,
}

/// What an institution other than a bank does.
#[derive(Clone, Debug, PartialEq)]
pub enum HouseTerms {
    Insurer(InsurerTerms),
    Guarantor(GuarantorTerms),
    Evaluator(EvaluatorTerms),
}

/// An institution other than a bank, to be registered.
#[derive(Clone, Debug, PartialEq)]
pub struct House {
    pub name: &'static str,
    pub terms: HouseTerms,
}

/// Below this comprehensive solvency, or 75 % of core solvency, an insurer is not asked (domain.md §4.5).
const SOUND: (i32, i32) = (13_200, 21_800);
const UNSOUND: (i32, i32) = (7_100, 13_900);

/// All of them: four insurers, one of which fails the solvency gate; three guarantors, one government-backed; four
/// evaluators.
pub fn houses() -> Vec<House> {
    use InsuranceKind::{Credit, Surety};
    let mut all = vec![
        insurer("安济财险", &[Surety, Credit], 8_000, (160, 200), 3000, SOUND),
        insurer("沁水信用保险", &[Credit], 9_000, (150, 190), 3000, (16_000, 24_500)),
        insurer("中州科技财险", &[Surety], 7_000, (130, 180), 2000, (9_800, 17_600)),
        insurer("平川保证保险", &[Surety], 8_000, (120, 150), 2000, UNSOUND),
        guarantor("济源惠企融资担保", 8_000, (80, 100), 2000, true),
        guarantor("王屋科技担保", 8_000, (120, 160), 2000, false),
        guarantor("虎岭增信", 7_000, (140, 200), 3000, false),
    ];
    let evaluators = [
        ("中原知信评估", (1_800, 3_200), (5, 7), "模拟评备0001"),
        ("沁阳明估", (1_500, 2_800), (6, 9), "模拟评备0002"),
        ("愚公智权评估", (2_400, 3_900), (3, 5), "模拟评备0003"),
        ("太行资产评估", (1_600, 3_000), (7, 10), "模拟评备0004"),
    ];
    all.extend(evaluators.map(|(name, fee_yuan, working_days, licence_no)| House {
        name,
        terms: HouseTerms::Evaluator(EvaluatorTerms { fee_yuan, working_days, licence_no }),
    }));
    all
}

fn insurer(
    name: &'static str,
    kinds: &[InsuranceKind],
    coverage_bp: i32,
    premium_bp: (i32, i32),
    most_wan: i64,
    solvency: (i32, i32),
) -> House {
    let (core_solvency_bp, comprehensive_solvency_bp) = solvency;
    let terms = InsurerTerms {
        kinds: kinds.to_vec(),
        coverage_bp,
        premium_bp,
        min_premium_fen: WAN_FEN / 5,
        amount_max_fen: most_wan * WAN_FEN,
        term_max_months: 60,
        core_solvency_bp,
        comprehensive_solvency_bp,
    };
    House { name, terms: HouseTerms::Insurer(terms) }
}

fn guarantor(
    name: &'static str,
    cover_bp: i32,
    fee_bp: (i32, i32),
    most_wan: i64,
    government_backed: bool,
) -> House {
    let terms = GuarantorTerms {
        cover_bp,
        fee_bp,
        amount_max_fen: most_wan * WAN_FEN,
        term_max_months: 60,
        government_backed,
    };
    House { name, terms: HouseTerms::Guarantor(terms) }
}

impl HouseTerms {
    pub fn role(&self) -> InstitutionRole {
        match self {
            Self::Insurer(_) => InstitutionRole::Insurer,
            Self::Guarantor(_) => InstitutionRole::Guarantor,
            Self::Evaluator(_) => InstitutionRole::Evaluator,
        }
    }

    /// What `insurance` is told; nothing for an evaluator.
    pub fn appetite(&self, institution_id: &str) -> Option<Appetite> {
        let sizes = [EnterpriseSize::Micro, EnterpriseSize::Small, EnterpriseSize::Medium];
        let common = Appetite {
            institution_id: institution_id.to_owned(),
            role: self.role().into(),
            amount_min_fen: 10 * WAN_FEN,
            sizes: sizes.map(i32::from).to_vec(),
            lowest_grade: Grade::C.into(),
            ..Appetite::default()
        };
        match self {
            Self::Insurer(terms) => Some(Appetite {
                kinds: terms.kinds.iter().map(|kind| i32::from(mode(*kind))).collect(),
                amount_max_fen: terms.amount_max_fen,
                term_max_months: terms.term_max_months,
                core_solvency_bp: terms.core_solvency_bp,
                comprehensive_solvency_bp: terms.comprehensive_solvency_bp,
                ..common
            }),
            Self::Guarantor(terms) => Some(Appetite {
                kinds: vec![With::IpGuarantee.into()],
                amount_max_fen: terms.amount_max_fen,
                term_max_months: terms.term_max_months,
                government_backed: terms.government_backed,
                ..common
            }),
            Self::Evaluator(_) => None,
        }
    }
}

/// The enhancement that an insurance of this kind answers.
pub fn mode(kind: InsuranceKind) -> With {
    match kind {
        InsuranceKind::Surety => With::IpSuretyIns,
        InsuranceKind::Credit => With::IpCreditIns,
        InsuranceKind::Unspecified => With::Unspecified,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_four_insurers_one_unsound_three_guarantors_one_public_and_four_evaluators() {
        let all = houses();
        let count = |role| all.iter().filter(|house| house.terms.role() == role).count();
        assert_eq!(count(InstitutionRole::Insurer), 4);
        assert_eq!(count(InstitutionRole::Guarantor), 3);
        assert_eq!(count(InstitutionRole::Evaluator), 4);
        let appetites: Vec<Appetite> = all.iter().filter_map(|house| house.terms.appetite("x")).collect();
        assert_eq!(appetites.len(), 7);
        let unsound = |one: &&Appetite| {
            one.role() == InstitutionRole::Insurer
                && (one.core_solvency_bp < 7_500 || one.comprehensive_solvency_bp < 15_000)
        };
        assert_eq!(appetites.iter().filter(unsound).count(), 1);
        assert_eq!(appetites.iter().filter(|one| one.government_backed).count(), 1);
    }
}
