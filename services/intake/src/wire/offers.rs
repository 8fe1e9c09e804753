//! The offers side by side (报价比较), with every way to take each.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use kernel::{BasisPoints, Fen, InstitutionRole, LegId, calendar::date_of, leg::LegState};
use prost::Message as _;
use proto::intake::v1 as wire;

use super::timestamp;
use crate::domain::{
    Case, CoverOption, Leg, Offer, ProductVersion, Subsidies, Valuation,
    compare::{Compared, Conventions, Cost, Ground, Way, compare},
};

/// Everything that was answered to a case.
#[derive(Debug)]
pub(crate) struct Answers {
    pub legs: Vec<Leg>,
    pub offers: Vec<Offer>,
    pub quotes: Vec<Valuation>,
    /// Encoded reports, by leg.
    pub reports: Vec<(LegId, Vec<u8>)>,
    pub covers: Vec<CoverOption>,
    /// Until when engaged evaluators are to deliver, by leg.
    pub report_by: Vec<(LegId, DateTime<Utc>)>,
}

impl Answers {
    /// What stands in the present round, cheapest first, and beside it what came too late.
    pub(crate) fn compared(
        &self,
        case: &Case,
        conventions: &HashMap<ProductVersion, Conventions>,
        subsidies: &Subsidies,
        now: DateTime<Utc>,
    ) -> wire::ListOffersResponse {
        let covers: Vec<CoverOption> =
            self.covers.iter().filter(|one| one.round == case.round && !one.gone).cloned().collect();
        let valuations = self.valuations(now);
        // Without a quote there is nothing to add: the bank may value by itself.
        let fee = valuations.iter().find(|(_, _, valid)| *valid).map_or(Fen::ZERO, |(_, quote, _)| quote.fee);
        let standing = self.standing(case);
        // When the loan will be paid out nobody knows. The day of the last offer is the same for all, and stays.
        let last = standing.iter().map(|(_, offer)| offer.submitted_at).max().unwrap_or(now);
        let ground = Ground { now, from: date_of(last), valuation: fee, covers: &covers, subsidies };
        let mut weighed: Vec<(&Leg, &Offer, Compared)> = standing
            .into_iter()
            .map(|(leg, offer)| {
                let counted = leg.product.and_then(|product| conventions.get(&product).copied());
                (leg, offer, compare(offer, counted.unwrap_or_default(), &ground))
            })
            .collect();
        // What cannot be taken comes last: its cost is without the cover that it calls for.
        weighed.sort_by_key(|(_, offer, compared)| {
            (compared.cover_missing, compared.cost.order(), offer.reply.uuid())
        });
        let late = self.offers.iter().filter(|offer| offer.late);
        wire::ListOffersResponse {
            offers: weighed.iter().map(|(leg, offer, compared)| view(leg, offer, Some(compared))).collect(),
            late_offers: late
                .filter_map(|offer| self.leg(offer.leg).map(|leg| view(leg, offer, None)))
                .collect(),
            valuations: valuations.iter().map(|(leg, quote, _)| self.valuation_view(leg, quote)).collect(),
            covers: covers.iter().map(cover_view).collect(),
            late_valuations: self
                .quotes
                .iter()
                .filter(|quote| quote.late)
                .filter_map(|quote| self.leg(quote.leg).map(|leg| self.valuation_view(leg, quote)))
                .collect(),
            paid_out_on: ground.from.to_string(),
        }
    }

    /// Whose conventions [`Answers::compared`] has to know.
    pub(crate) fn products(&self, case: &Case) -> Vec<ProductVersion> {
        self.standing(case).into_iter().filter_map(|(leg, _)| leg.product).collect()
    }

    /// The bank offers that stand in the present round.
    fn standing(&self, case: &Case) -> Vec<(&Leg, &Offer)> {
        self.offers
            .iter()
            .filter(|offer| !offer.late)
            .filter_map(|offer| self.leg(offer.leg).map(|leg| (leg, offer)))
            .filter(|(leg, offer)| {
                leg.round == case.round && leg.standing_reply == Some(offer.reply) && is_standing(leg)
            })
            .collect()
    }

    fn leg(&self, id: LegId) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.id == id)
    }

    /// Standing quotes of evaluators, of any round, cheapest first; with whether one may still be chosen.
    fn valuations(&self, now: DateTime<Utc>) -> Vec<(&Leg, &Valuation, bool)> {
        let mut quotes: Vec<(&Leg, &Valuation, bool)> = self
            .quotes
            .iter()
            .filter(|quote| !quote.late)
            .filter_map(|quote| self.leg(quote.leg).map(|leg| (leg, quote)))
            .filter(|(leg, quote)| {
                leg.role == InstitutionRole::Evaluator
                    && leg.standing_reply == Some(quote.reply)
                    && (is_standing(leg) || is_breached(leg))
            })
            .map(|(leg, quote)| {
                (leg, quote, !is_breached(leg) && (!leg.is_offered() || leg.is_valid_at(now)))
            })
            .collect();
        quotes.sort_by_key(|(_, quote, valid)| (!valid, quote.fee, quote.reply.uuid()));
        quotes
    }

    fn valuation_view(&self, leg: &Leg, quote: &Valuation) -> wire::ValuationView {
        let report = self.reports.iter().find(|(of, _)| *of == leg.id);
        wire::ValuationView {
            leg_id: leg.id.to_string(),
            institution_id: leg.institution.to_string(),
            quote: Some(wire::ValuationQuote {
                quote_seq: i32::try_from(quote.seq).unwrap_or(i32::MAX),
                fee_fen: quote.fee.get(),
                report_working_days: i32::from(quote.working_days),
                methods: quote.methods.iter().map(|method| method.number()).collect(),
                valid_until: Some(timestamp(quote.valid_until)),
            }),
            submitted_at: Some(timestamp(quote.submitted_at)),
            state: leg.state.number(),
            report: report.and_then(|(_, body)| wire::ValuationReport::decode(body.as_slice()).ok()),
            report_by: self.report_by.iter().find(|(of, _)| *of == leg.id).map(|(_, by)| timestamp(*by)),
        }
    }
}

fn is_standing(leg: &Leg) -> bool {
    matches!(
        leg.state,
        LegState::Offered { .. }
            | LegState::Selected { .. }
            | LegState::Confirmed { .. }
            | LegState::Fulfilled { .. }
    )
}

/// It was engaged, and did not deliver in time: shown, not to be chosen again.
fn is_breached(leg: &Leg) -> bool {
    matches!(leg.state, LegState::Breached { .. })
}

fn view(leg: &Leg, offer: &Offer, compared: Option<&Compared>) -> wire::OfferView {
    wire::OfferView {
        leg_id: leg.id.to_string(),
        institution_id: leg.institution.to_string(),
        product_id: leg.product.map(|product| product.id.to_string()).unwrap_or_default(),
        product_version: leg.product.map(|product| product.version).unwrap_or_default(),
        offer: Some(wire::Offer {
            offer_seq: i32::try_from(offer.seq).unwrap_or(i32::MAX),
            amount_fen: offer.amount.get(),
            term_months: i32::from(offer.term.get()),
            annual_rate_bp: offer.rate.get(),
            repayment: offer.repayment.number(),
            enhancement: offer.enhancement.number(),
            fees_fen: offer.fees.get(),
            valid_until: Some(timestamp(offer.valid_until)),
        }),
        submitted_at: Some(timestamp(offer.submitted_at)),
        cost: compared.map(|compared| cost(&compared.cost)),
        ways: compared.map_or(&[][..], |compared| &compared.ways).iter().map(way).collect(),
        cover_missing: compared.is_some_and(|compared| compared.cover_missing),
        state: leg.state.number(),
    }
}

fn way(way: &Way) -> wire::Way {
    wire::Way {
        cover_leg_id: way.cover.map(|leg| leg.to_string()).unwrap_or_default(),
        cost: Some(cost(&way.cost)),
    }
}

fn cost(cost: &Cost) -> wire::Cost {
    // No rate answers where fees eat the loan: beyond every rate.
    let rate = |rate: Option<BasisPoints>| rate.map_or(i32::MAX, BasisPoints::get);
    wire::Cost {
        interest_fen: cost.interest.get(),
        fees_fen: cost.fees.get(),
        cover_fen: cost.cover.get(),
        valuation_fen: cost.valuation.get(),
        total_fen: cost.total.get(),
        apr_bp: rate(cost.apr),
        first_payment_fen: cost.first_payment.get(),
        largest_payment_fen: cost.largest_payment.get(),
        subsidies_fen: cost.net.subsidies.get(),
        net_total_fen: cost.net.total.get(),
        net_apr_bp: rate(cost.net.apr),
    }
}

fn cover_view(option: &CoverOption) -> wire::CoverView {
    wire::CoverView {
        leg_id: option.leg.to_string(),
        institution_id: option.institution.to_string(),
        role: option.role.number(),
        kind: option.kind.number(),
        amount_fen: option.amount.get(),
        max_term_months: i32::from(option.max_term.get()),
        coverage_bp: option.coverage.get(),
        annual_rate_bp: option.rate.get(),
        cost_fen: option.cost.get(),
        valid_until: Some(timestamp(option.valid_until)),
    }
}
