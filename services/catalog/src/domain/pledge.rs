//! How much may be lent against a bundle of rights, and how a loan is allocated over it (质押率与分配, domain.md §4.6).

use std::collections::BTreeMap;

use kernel::{BasisPoints, Fen, IpType};

/// What is usually lent (domain.md §4.6, market practice): see [`UsualCaps::parse`].
pub const USUAL: &str = "INVENTION:5000,TRADEMARK:4000,GI_MARK:4000,IC_LAYOUT:4000,UTILITY:3000,SOFTWARE:3000,DESIGN:2000,BUNDLE:5000";
/// How a whole bundle is named among the types.
const BUNDLE: &str = "BUNDLE";
const WHOLE: i32 = 10_000;

/// What may be lent of the value of a right, by type; nothing on a type that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caps(pub BTreeMap<IpType, BasisPoints>);

impl Caps {
    /// `None`: nothing is lent on this type.
    pub fn of(&self, kind: IpType) -> Option<BasisPoints> {
        self.0.get(&kind).copied()
    }
}

/// What holds where a product says nothing (通用质押率).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsualCaps {
    by_type: Caps,
    /// Of a whole bundle's value.
    pub bundle: BasisPoints,
}

impl UsualCaps {
    /// By commas, type and basis points of its value, and the same of a whole bundle: `INVENTION:5000,BUNDLE:5000`. Nothing
    /// is lent on a type that is not named.
    ///
    /// # Errors
    /// What cannot be read, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut by_type, mut bundle) = (BTreeMap::new(), None);
        for one in text.split(',').map(str::trim) {
            let (of, bp) = one.split_once(':').ok_or("a cap is TYPE:BASIS_POINTS")?;
            let bp = bp.parse().ok().filter(|bp| (1..=WHOLE).contains(bp)).map(BasisPoints::new);
            let bp = bp.ok_or("a cap is 1 to 10000 basis points")?;
            let before = if of == BUNDLE {
                bundle.replace(bp)
            } else {
                let kind = IpType::from_code(of).ok_or("a cap is of a type of right, or of BUNDLE")?;
                by_type.insert(kind, bp)
            };
            if before.is_some() {
                return Err("a type has two caps".to_owned());
            }
        }
        Ok(Self { by_type: Caps(by_type), bundle: bundle.ok_or("the cap of a BUNDLE is missing")? })
    }

    /// `own` where it says something, and what is usual on any other type.
    #[must_use]
    pub fn beside(&self, own: &Caps) -> Caps {
        Caps(self.by_type.0.iter().chain(&own.0).map(|(kind, bp)| (*kind, *bp)).collect())
    }
}

/// Which of the three limits binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    TypeCaps,
    PortfolioCap,
    ProductMax,
}

impl Bound {
    pub fn code(self) -> &'static str {
        match self {
            Self::TypeCaps => "TYPE_CAPS",
            Self::PortfolioCap => "PORTFOLIO_CAP",
            Self::ProductMax => "PRODUCT_MAX",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    pub amount: Fen,
    pub bound: Bound,
    /// What is lent on each asset at most, in their order.
    pub caps: Vec<Fen>,
    pub type_caps: Fen,
    pub portfolio: Fen,
    pub value: Fen,
}

/// The least of Σ value × cap, portfolio cap × Σ value, and the product's largest amount. `None` beyond 64 bits.
pub fn limit(
    assets: &[(IpType, Fen)],
    caps: &Caps,
    portfolio_cap: BasisPoints,
    product_max: Option<Fen>,
) -> Option<Limit> {
    let cap = |(kind, value): &(IpType, Fen)| value.mul_bp(caps.of(*kind).unwrap_or(BasisPoints::new(0)));
    let each: Vec<Fen> = assets.iter().map(cap).collect::<Option<_>>()?;
    let value = Fen::checked_sum(assets.iter().map(|(_, value)| *value))?;
    let type_caps = Fen::checked_sum(each.iter().copied())?;
    let portfolio = value.mul_bp(portfolio_cap)?;
    let mut least = (type_caps, Bound::TypeCaps);
    if portfolio < least.0 {
        least = (portfolio, Bound::PortfolioCap);
    }
    if let Some(most) = product_max.filter(|most| *most < least.0) {
        least = (most, Bound::ProductMax);
    }
    Some(Limit { amount: least.0, bound: least.1, caps: each, type_caps, portfolio, value })
}

/// A loan over the assets by what each may carry, to the fen. The asset that carries most takes the remainder, so that
/// the parts sum to the loan. `None` if nothing may be lent on any.
pub fn allocate(loan: Fen, limit: &Limit) -> Option<Vec<Fen>> {
    let weights: Vec<u64> = limit.caps.iter().map(|cap| u64::try_from(cap.get()).unwrap_or(0)).collect();
    // The first of equal ones, so that the answer is the same however often it is asked.
    let most = (0..weights.len()).rev().max_by_key(|line| weights[*line])?;
    loan.split(&weights, most).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WAN: i64 = 1_000_000;

    fn usual() -> UsualCaps {
        UsualCaps::parse(USUAL).unwrap()
    }

    fn caps() -> Caps {
        usual().beside(&Caps::default())
    }

    fn bundle() -> Vec<(IpType, Fen)> {
        [(IpType::Invention, 180), (IpType::Invention, 90), (IpType::Utility, 40), (IpType::Trademark, 120)]
            .map(|(kind, wan)| (kind, Fen::new(wan * WAN)))
            .to_vec()
    }

    /// domain.md §4.6.
    #[test]
    fn the_bundle_fixture() {
        let limit = limit(&bundle(), &caps(), usual().bundle, None).unwrap();
        assert_eq!((limit.amount, limit.bound), (Fen::new(195 * WAN), Bound::TypeCaps));
        assert_eq!((limit.portfolio, limit.value), (Fen::new(215 * WAN), Fen::new(430 * WAN)));
        let loan = Fen::new(180 * WAN);
        assert_eq!(BasisPoints::ratio(loan, limit.value), Some(BasisPoints::new(4_186)));
        let shares = allocate(loan, &limit).unwrap();
        // 1,800,000 × 90 : 45 : 12 : 48 of 195, the first takes the remainder.
        assert_eq!(
            shares.iter().map(|fen| fen.get()).collect::<Vec<_>>(),
            [83_076_923, 41_538_462, 11_076_923, 44_307_692]
        );
        assert_eq!(Fen::checked_sum(shares), Some(loan));
    }

    #[test]
    fn the_portfolio_or_the_product_may_bind_before_the_types_do() {
        let of = |portfolio, most| {
            let limit = limit(&bundle(), &caps(), BasisPoints::new(portfolio), most).unwrap();
            (limit.amount.get() / WAN, limit.bound)
        };
        assert_eq!(of(4_000, None), (172, Bound::PortfolioCap));
        assert_eq!(of(5_000, Some(Fen::new(100 * WAN))), (100, Bound::ProductMax));
        assert_eq!(of(5_000, Some(Fen::new(195 * WAN))), (195, Bound::TypeCaps));
    }

    #[test]
    fn a_products_cap_comes_before_the_general_one_and_some_types_have_none() {
        let own = Caps(
            [(IpType::Invention, BasisPoints::new(9_250)), (IpType::Work, BasisPoints::new(100))].into(),
        );
        let caps = usual().beside(&own);
        assert_eq!(caps.of(IpType::Invention), Some(BasisPoints::new(9_250)));
        assert_eq!(caps.of(IpType::Design), Some(BasisPoints::new(2_000)));
        assert_eq!(caps.of(IpType::Work), Some(BasisPoints::new(100)));
        assert_eq!(caps.of(IpType::DataIp), None);
        let nothing = limit(&[(IpType::DataIp, Fen::new(WAN))], &caps, usual().bundle, None).unwrap();
        assert_eq!(nothing.amount, Fen::ZERO);
        assert_eq!(allocate(Fen::new(1), &nothing), None);
        assert_eq!(limit(&[], &caps, usual().bundle, None).unwrap().amount, Fen::ZERO);
    }

    #[test]
    fn what_is_usual_is_a_setting_and_wrong_ones_are_refused_in_words() {
        let other = UsualCaps::parse("DESIGN:10000, DATA_IP:1,BUNDLE:6000").unwrap();
        assert_eq!(other.bundle, BasisPoints::new(6_000));
        let caps = other.beside(&Caps::default());
        assert_eq!(caps.of(IpType::Design), Some(BasisPoints::new(10_000)));
        assert_eq!(caps.of(IpType::DataIp), Some(BasisPoints::new(1)));
        assert_eq!(caps.of(IpType::Invention), None);
        for wrong in [
            "",
            "BUNDLE",
            "INVENTION:5000",
            "BUNDLE:0",
            "BUNDLE:10001",
            "BUNDLE:half",
            "RENT:5000,BUNDLE:5000",
            "BUNDLE:5000,BUNDLE:5000",
            "DESIGN:1,DESIGN:1,BUNDLE:5000",
        ] {
            assert!(UsualCaps::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn an_allocation_sums_to_the_loan_and_gives_nobody_less_than_nothing(
            assets in prop::collection::vec((prop::sample::select(IpType::ALL), 1..=Fen::MAX_AMOUNT.get()), 1..50),
            loan in 1..=Fen::MAX_AMOUNT.get(),
        ) {
            let assets: Vec<_> = assets.into_iter().map(|(kind, fen)| (kind, Fen::new(fen))).collect();
            let limit = limit(&assets, &caps(), usual().bundle, None).unwrap();
            prop_assert!(limit.amount <= limit.type_caps && limit.amount <= limit.portfolio);
            if let Some(shares) = allocate(Fen::new(loan), &limit) {
                prop_assert!(shares.iter().all(|share| *share >= Fen::ZERO));
                prop_assert_eq!(Fen::checked_sum(shares), Some(Fen::new(loan)));
            } else {
                prop_assert_eq!(limit.type_caps, Fen::ZERO);
            }
        }
    }
}
