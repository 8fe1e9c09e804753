//! Facts of cases as roles would tell them.

use chrono::{DateTime, TimeDelta, Utc};
use prost_types::Timestamp;
use proto::{
    common::v1::{InstitutionRole as Role, LegState, LegSummary},
    insurance::v1 as insurance,
    intake::v1 as intake,
};
use statistics::domain::fact::{Fact, FactKind};
use uuid::Uuid;

use crate::support::as_fact;

/// Monday, 2 March 2026, 10:00 in Shanghai.
pub(crate) fn morning() -> DateTime<Utc> {
    "2026-03-02T02:00:00Z".parse().unwrap()
}

fn wire(at: DateTime<Utc>) -> Timestamp {
    Timestamp { seconds: at.timestamp(), nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap() }
}

/// A leg, and the milliseconds after which it was answered.
pub(crate) fn leg(role: Role, state: LegState, issued: DateTime<Utc>, after_ms: Option<i64>) -> LegSummary {
    LegSummary {
        role: role.into(),
        institution_id: Uuid::new_v4().to_string(),
        state: state.into(),
        issued_at: Some(wire(issued)),
        delivered_at: None,
        replied_at: after_ms.map(|ms| wire(issued + TimeDelta::milliseconds(ms))),
    }
}

/// A case that tells what happens to it.
pub(crate) struct Case {
    pub(crate) id: Uuid,
    cover: Uuid,
    version: i64,
    cover_version: i64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) round: i32,
    pub(crate) told: Vec<Fact>,
}

impl Case {
    pub(crate) fn new(at: DateTime<Utc>) -> Self {
        let (id, cover) = (Uuid::new_v4(), Uuid::new_v4());
        Self { id, cover, version: 0, cover_version: 0, at, round: 1, told: Vec::new() }
    }

    pub(crate) fn wait(&mut self, seconds: i64) -> &mut Self {
        self.at += TimeDelta::seconds(seconds);
        self
    }

    fn tell(&mut self, kind: FactKind, body: &impl prost::Message) -> &mut Self {
        self.version += 1;
        self.told.push(as_fact(bus::Outgoing::new(kind.code(), self.id, self.version, self.at, body)));
        self
    }

    fn tell_cover(&mut self, kind: FactKind, body: &impl prost::Message) -> &mut Self {
        self.cover_version += 1;
        self.told.push(as_fact(bus::Outgoing::new(
            kind.code(),
            self.cover,
            self.cover_version,
            self.at,
            body,
        )));
        self
    }

    pub(crate) fn submitted(&mut self, amount_fen: i64) -> &mut Self {
        let body = intake::CaseSubmitted { amount_fen, ..Default::default() };
        self.tell(FactKind::CaseSubmitted, &body)
    }

    pub(crate) fn supplement(&mut self) -> &mut Self {
        self.tell(FactKind::CaseSupplementRequested, &intake::CaseSupplementRequested::default());
        self.wait(3_600).tell(FactKind::CaseSupplemented, &intake::CaseSupplemented::default())
    }

    pub(crate) fn accepted(&mut self, park: &str) -> &mut Self {
        self.tell(
            FactKind::CaseAccepted,
            &intake::CaseAccepted { park: park.to_owned(), ..Default::default() },
        )
    }

    pub(crate) fn dispatched(&mut self) -> &mut Self {
        self.tell(
            FactKind::CaseDispatched,
            &intake::CaseDispatched { round: self.round, ..Default::default() },
        )
    }

    pub(crate) fn wave_closed(&mut self, legs: Vec<LegSummary>) -> &mut Self {
        let body = intake::CaseWaveClosed { round: self.round, wave: 1, legs, ..Default::default() };
        self.tell(FactKind::CaseWaveClosed, &body)
    }

    pub(crate) fn offers_ready(&mut self, legs: Vec<LegSummary>) -> &mut Self {
        let body = intake::CaseOffersReady { round: self.round, legs, ..Default::default() };
        self.tell(FactKind::CaseOffersReady, &body)
    }

    pub(crate) fn no_offer(&mut self, legs: Vec<LegSummary>) -> &mut Self {
        let body = intake::CaseNoOffer { round: self.round, legs, ..Default::default() };
        self.tell(FactKind::CaseNoOffer, &body)
    }

    pub(crate) fn selected(&mut self, legs: Vec<LegSummary>) -> &mut Self {
        let body = intake::CaseSelected { round: self.round, amount_fen: 5, legs, ..Default::default() };
        self.tell(FactKind::CaseSelected, &body)
    }

    pub(crate) fn reopened(&mut self, legs: Vec<LegSummary>) -> &mut Self {
        let body = intake::CaseReopened { round: self.round, legs, ..Default::default() };
        self.tell(FactKind::CaseReopened, &body)
    }

    /// In the same transaction as the fact before it: of the same version.
    pub(crate) fn expired_at_once(&mut self, legs: Vec<LegSummary>) -> &mut Self {
        self.version -= 1;
        let body = intake::CaseExpired { round: self.round, legs, ..Default::default() };
        self.tell(FactKind::CaseExpired, &body)
    }

    pub(crate) fn approved(&mut self, amount_fen: i64, legs: Vec<LegSummary>) -> &mut Self {
        let body = intake::CaseApproved { round: self.round, amount_fen, legs, ..Default::default() };
        self.tell(FactKind::CaseApproved, &body)
    }

    pub(crate) fn legs_changed(&mut self, round: i32, legs: Vec<LegSummary>) -> &mut Self {
        let body = intake::CaseLegsChanged { round, legs, ..Default::default() };
        self.tell(FactKind::CaseLegsChanged, &body)
    }

    pub(crate) fn rejected(&mut self, legs: Vec<LegSummary>) -> &mut Self {
        let body = intake::CaseRejected { round: self.round, legs, ..Default::default() };
        self.tell(FactKind::CaseRejected, &body)
    }

    pub(crate) fn withdrawn(&mut self, legs: Vec<LegSummary>) -> &mut Self {
        let body = intake::CaseWithdrawn { round: self.round, legs, ..Default::default() };
        self.tell(FactKind::CaseWithdrawn, &body)
    }

    pub(crate) fn cover_quoted(&mut self, legs: Vec<LegSummary>) -> &mut Self {
        let case_id = self.id.to_string();
        let body = insurance::CoverQuoted { case_id, round: self.round, legs, ..Default::default() };
        self.tell_cover(FactKind::CoverQuoted, &body)
    }

    pub(crate) fn cover_bound(&mut self, legs: Vec<LegSummary>) -> &mut Self {
        let case_id = self.id.to_string();
        let body = insurance::CoverBound { case_id, round: self.round, legs, ..Default::default() };
        self.tell_cover(FactKind::CoverBound, &body)
    }

    pub(crate) fn cover_legs_changed(&mut self, legs: Vec<LegSummary>) -> &mut Self {
        let case_id = self.id.to_string();
        let body = insurance::CoverLegsChanged { case_id, round: self.round, legs };
        self.tell_cover(FactKind::CoverLegsChanged, &body)
    }
}

/// Numbers that look drawn at random and are the same for a seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// From 0 to `sides` - 1.
    pub(crate) fn roll(&mut self, sides: u64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % sides).unwrap()
    }

    pub(crate) fn shuffle<T>(&mut self, things: &mut [T]) {
        for n in (1..things.len()).rev() {
            things.swap(n, usize::try_from(self.roll(n as u64 + 1)).unwrap());
        }
    }
}

fn legs(dice: &mut Dice, issued: DateTime<Utc>, roles: &[Role]) -> Vec<LegSummary> {
    let states = [LegState::Offered, LegState::Declined, LegState::TimedOut, LegState::Released];
    let one = |role: &Role| {
        let state = states[usize::try_from(dice.roll(4)).unwrap()];
        let answered = matches!(state, LegState::Offered | LegState::Declined);
        let after = 20 + dice.roll(90_000) * dice.roll(1_000);
        leg(*role, state, issued, answered.then_some(after))
    };
    roles.iter().map(one).collect()
}

/// The facts of some cases that went all the ways there are, within some ten days of March 2026.
pub(crate) fn story(seed: u64, cases: usize) -> Vec<Fact> {
    let mut dice = Dice::new(seed);
    let mut told = Vec::new();
    let wave_1 = [Role::Bank, Role::Bank, Role::Bank, Role::Evaluator];
    let wave_2 = [Role::Insurer, Role::Guarantor];
    for _ in 0..cases {
        let mut case = Case::new(morning() + TimeDelta::minutes(dice.roll(7_200)));
        case.submitted(1 + dice.roll(30_000_000_000));
        if dice.roll(4) == 0 {
            case.wait(60).supplement();
        }
        let park = ["JY-GX", "JY-HL", "JY-YC"][usize::try_from(dice.roll(3)).unwrap()];
        let way = dice.roll(8);
        if way > 0 {
            case.wait(1 + dice.roll(9_000)).accepted(park).dispatched();
            let issued = case.at;
            let mut asked = |case: &Case| legs(&mut dice, case.at, &wave_1);
            let first = asked(&case);
            case.wait(100_000);
            match way {
                1 => drop(case.withdrawn(first)),
                2 => drop(case.no_offer(first)),
                3 => {
                    case.no_offer(first).round += 1;
                    case.dispatched();
                    let (second, after) = (asked(&case), asked(&case));
                    case.wait(50_000).offers_ready(second).legs_changed(1, after);
                }
                4 => {
                    let after = asked(&case);
                    case.offers_ready(first).wait(400).selected(after.clone());
                    case.wait(500).reopened(after.clone()).expired_at_once(after);
                }
                _ => {
                    let quotes = legs(&mut dice, issued, &wave_2);
                    case.wave_closed(first.clone()).wait(70_000).cover_quoted(quotes.clone());
                    case.offers_ready(first.clone()).wait(3_000).selected(first.clone());
                    if way == 6 {
                        case.wait(90).reopened(first.clone()).wait(90).selected(first.clone());
                    }
                    if way == 7 {
                        case.cover_bound(quotes).wait(9).approved(1 + dice.roll(30_000_000_000), first);
                        case.cover_legs_changed(legs(&mut dice, issued, &wave_2));
                        case.wait(9_000).legs_changed(1, legs(&mut dice, issued, &wave_1));
                    }
                }
            }
        }
        told.append(&mut case.told);
    }
    told
}
