//! Consent (授权书): what an enterprise allowed, to whom, for how long, and whether it allows one read now.
//! Every doubt is a "no": a read is allowed only if every condition is known to hold.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{ConsentId, EnterpriseId, InstitutionId};

/// Most institutions that one consent may name.
pub const RECIPIENTS_MAX: usize = 200;
/// How far the signer's clock may be ahead of ours.
pub const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);

pub use super::consent_scope::{Category, Channel, LegalBasis, Purpose};

/// From when until when a consent holds; both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    signed_at: DateTime<Utc>,
    valid_to: DateTime<Utc>,
}

/// Why a period is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    #[error("signed in the future")]
    SignedInFuture,
    #[error("ends before it begins")]
    EndsBeforeItBegins,
}

impl Period {
    /// A consent that has already ended may be put on record; it just allows nothing.
    pub fn new(
        signed_at: DateTime<Utc>,
        valid_to: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Self, PeriodError> {
        if signed_at > now + CLOCK_SKEW {
            return Err(PeriodError::SignedInFuture);
        }
        Self::stored(signed_at, valid_to).ok_or(PeriodError::EndsBeforeItBegins)
    }

    /// A period that was once accepted: `None` only if it ends before it begins.
    pub fn stored(signed_at: DateTime<Utc>, valid_to: DateTime<Utc>) -> Option<Self> {
        (signed_at < valid_to).then_some(Self { signed_at, valid_to })
    }

    pub fn signed_at(&self) -> DateTime<Utc> {
        self.signed_at
    }

    pub fn valid_to(&self) -> DateTime<Utc> {
        self.valid_to
    }
}

/// Whether the consent still stands. Expiry is not a state: it follows from the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Active,
    Revoked { at: DateTime<Utc> },
}

/// A consent on record, domain.md §4.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    pub id: ConsentId,
    /// Whose data it is about.
    pub enterprise_id: EnterpriseId,
    pub purpose: Purpose,
    pub categories: BTreeSet<Category>,
    /// Institutions that may receive; empty means every institution that takes part in the enterprise's own cases.
    pub recipients: BTreeSet<InstitutionId>,
    pub period: Period,
    pub state: State,
    /// Who consented, if it is not the enterprise but a person of it.
    pub person: Option<Person>,
    pub legal_basis: LegalBasis,
    pub channel: Channel,
    /// SHA-256 of the text that was signed and of the signed paper or signature.
    pub evidence: Evidence,
}

/// A person, known by a keyed hash of the resident number and in masked form; never in the clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub hash: [u8; 32],
    pub masked: String,
}

/// Fingerprints of what proves the consent; the papers themselves live in the document store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    pub text_sha256: [u8; 32],
    pub paper_sha256: [u8; 32],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Revoke,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Revoked { at: DateTime<Utc> },
}

/// What a command comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Executed(Event),
    AlreadyApplied,
}

/// Revoking is always possible and revoking twice is not an error: the first time counts.
pub fn decide(state: State, command: Command, now: DateTime<Utc>) -> Step {
    match (state, command) {
        (State::Active, Command::Revoke) => Step::Executed(Event::Revoked { at: now }),
        (State::Revoked { .. }, Command::Revoke) => Step::AlreadyApplied,
    }
}

pub fn apply(_state: State, event: Event) -> State {
    match event {
        Event::Revoked { at } => State::Revoked { at },
    }
}

/// One read that somebody wants to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// `None`: the subject is not registered.
    pub subject: Option<EnterpriseId>,
    pub purpose: Purpose,
    pub categories: BTreeSet<Category>,
    /// `None`: the service centre itself.
    pub recipient: Option<InstitutionId>,
    /// Whose personal data it is, by keyed hash; `None`: the enterprise's data.
    pub person: Option<[u8; 32]>,
}

impl Use {
    /// What the service centre itself reads of an enterprise.
    pub fn own(
        subject: EnterpriseId,
        purpose: Purpose,
        categories: impl IntoIterator<Item = Category>,
    ) -> Self {
        let categories = categories.into_iter().collect();
        Self { subject: Some(subject), purpose, categories, recipient: None, person: None }
    }
}

/// A consent of a person covers what is personal, and only that person's own can.
pub fn categories_fit(person: bool, categories: &BTreeSet<Category>) -> bool {
    if person {
        categories.iter().all(|category| matches!(category, Category::Personal | Category::Credit))
    } else {
        !categories.contains(&Category::Personal)
    }
}

/// The first of `consents` that allows `wanted`, or why none does: the doubt of the one that came nearest.
pub fn allowing<'a>(
    consents: impl IntoIterator<Item = &'a Consent>,
    wanted: &Use,
    now: DateTime<Utc>,
) -> Result<&'a Consent, Denial> {
    let mut nearest = Denial::NotFound;
    for consent in consents {
        match check(Some(consent), wanted, now) {
            Ok(()) => return Ok(consent),
            Err(denial) => nearest = nearest.max(denial),
        }
    }
    Err(nearest)
}

impl Consent {
    /// What it is worth at `now`, as the wire names it.
    pub fn worth(&self, now: DateTime<Utc>) -> &'static str {
        match self.state {
            State::Revoked { .. } => "REVOKED",
            State::Active if now < self.period.signed_at => "NOT_YET_VALID",
            State::Active if now > self.period.valid_to => "EXPIRED",
            State::Active => "ACTIVE",
        }
    }
}

/// Why a read is not allowed; in the order in which a consent comes nearer to allowing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denial {
    NotFound,
    WrongSubject,
    WrongPurpose,
    CategoryMissing,
    RecipientNotNamed,
    Revoked,
    NotYetValid,
    Expired,
}

impl Denial {
    /// As the wire names it.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotFound => "CONSENT_NOT_FOUND",
            Self::WrongSubject => "CONSENT_WRONG_SUBJECT",
            Self::Revoked => "CONSENT_REVOKED",
            Self::NotYetValid => "CONSENT_NOT_YET_VALID",
            Self::Expired => "CONSENT_EXPIRED",
            Self::WrongPurpose => "CONSENT_WRONG_PURPOSE",
            Self::CategoryMissing => "CONSENT_CATEGORY_MISSING",
            Self::RecipientNotNamed => "CONSENT_RECIPIENT_NOT_NAMED",
        }
    }
}

/// Whether `consent` allows `wanted` at `now`. The subject is asked first: who names another's consent learns nothing
/// else about it. A use that names no category is denied, for nothing could cover it.
pub fn check(consent: Option<&Consent>, wanted: &Use, now: DateTime<Utc>) -> Result<(), Denial> {
    let consent = consent.ok_or(Denial::NotFound)?;
    let person = consent.person.as_ref().map(|person| person.hash);
    if wanted.subject != Some(consent.enterprise_id) || wanted.person != person {
        return Err(Denial::WrongSubject);
    }
    match consent.state {
        State::Active => {}
        State::Revoked { .. } => return Err(Denial::Revoked),
    }
    if now < consent.period.signed_at {
        return Err(Denial::NotYetValid);
    }
    if now > consent.period.valid_to {
        return Err(Denial::Expired);
    }
    if wanted.purpose != consent.purpose {
        return Err(Denial::WrongPurpose);
    }
    if wanted.categories.is_empty() || !wanted.categories.is_subset(&consent.categories) {
        return Err(Denial::CategoryMissing);
    }
    let named = match wanted.recipient {
        // The service centre took the consent and is always meant by it.
        None => true,
        Some(recipient) => consent.recipients.is_empty() || consent.recipients.contains(&recipient),
    };
    if named { Ok(()) } else { Err(Denial::RecipientNotNamed) }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_663_200_000 + seconds, 0).unwrap()
    }

    fn enterprise(n: u128) -> EnterpriseId {
        EnterpriseId::from_uuid(Uuid::from_u128(n))
    }

    fn bank(n: u128) -> InstitutionId {
        InstitutionId::from_uuid(Uuid::from_u128(n))
    }

    fn consent() -> Consent {
        Consent {
            id: ConsentId::from_uuid(Uuid::from_u128(1)),
            enterprise_id: enterprise(1),
            purpose: Purpose::IpPledgeFinancing,
            categories: [Category::EnterpriseProfile, Category::IpAssets].into(),
            recipients: [bank(1)].into(),
            period: Period::stored(at(0), at(100)).unwrap(),
            state: State::Active,
            person: None,
            legal_basis: LegalBasis::WrittenConsent,
            channel: Channel::Paper,
            evidence: Evidence { text_sha256: [1; 32], paper_sha256: [2; 32] },
        }
    }

    fn wanted() -> Use {
        Use {
            subject: Some(enterprise(1)),
            purpose: Purpose::IpPledgeFinancing,
            categories: [Category::IpAssets].into(),
            recipient: Some(bank(1)),
            person: None,
        }
    }

    #[test]
    fn a_consent_allows_exactly_what_it_covers() {
        let open = Consent { recipients: BTreeSet::new(), ..consent() };
        let revoked = Consent { state: State::Revoked { at: at(5) }, ..consent() };
        let use_by = |recipient| Use { recipient, ..wanted() };
        let use_of =
            |categories: &[Category]| Use { categories: categories.iter().copied().collect(), ..wanted() };
        let use_about = |subject| Use { subject, ..wanted() };
        for (name, consent, wanted, now, answer) in [
            ("covered", consent(), wanted(), 50, Ok(())),
            ("at its first instant", consent(), wanted(), 0, Ok(())),
            ("at its last instant", consent(), wanted(), 100, Ok(())),
            ("before", consent(), wanted(), -1, Err(Denial::NotYetValid)),
            ("after", consent(), wanted(), 101, Err(Denial::Expired)),
            ("revoked", revoked.clone(), wanted(), 50, Err(Denial::Revoked)),
            ("revoked and expired", revoked.clone(), wanted(), 101, Err(Denial::Revoked)),
            ("another's", consent(), use_about(Some(enterprise(2))), 50, Err(Denial::WrongSubject)),
            ("another's, revoked", revoked, use_about(Some(enterprise(2))), 50, Err(Denial::WrongSubject)),
            ("unregistered subject", consent(), use_about(None), 50, Err(Denial::WrongSubject)),
            ("uncovered category", consent(), use_of(&[Category::Credit]), 50, Err(Denial::CategoryMissing)),
            (
                "one of two uncovered",
                consent(),
                use_of(&[Category::IpAssets, Category::Financials]),
                50,
                Err(Denial::CategoryMissing),
            ),
            ("no category", consent(), use_of(&[]), 50, Err(Denial::CategoryMissing)),
            ("unnamed bank", consent(), use_by(Some(bank(2))), 50, Err(Denial::RecipientNotNamed)),
            ("service centre", consent(), use_by(None), 50, Ok(())),
            ("any bank of an open consent", open, use_by(Some(bank(2))), 50, Ok(())),
        ] {
            assert_eq!(check(Some(&consent), &wanted, at(now)), answer, "{name}");
        }
        assert_eq!(check(None, &wanted(), at(50)), Err(Denial::NotFound));
    }

    #[test]
    fn revoking_happens_once() {
        let Step::Executed(event) = decide(State::Active, Command::Revoke, at(7)) else {
            panic!("the first revocation takes effect")
        };
        let revoked = apply(State::Active, event);
        assert_eq!(revoked, State::Revoked { at: at(7) });
        assert_eq!(decide(revoked, Command::Revoke, at(8)), Step::AlreadyApplied);
    }

    #[test]
    fn a_period_begins_now_or_earlier_and_ends_after_it_begins() {
        for (signed, valid_to, wanted) in [
            (0, 100, None),
            (-100, -50, None),
            (300, 400, None),
            (301, 400, Some(PeriodError::SignedInFuture)),
            (0, 0, Some(PeriodError::EndsBeforeItBegins)),
            (0, -1, Some(PeriodError::EndsBeforeItBegins)),
        ] {
            assert_eq!(Period::new(at(signed), at(valid_to), at(0)).err(), wanted, "{signed} {valid_to}");
        }
    }

    #[test]
    fn a_persons_data_needs_that_persons_consent_and_the_enterprises_is_another_thing() {
        let by_person = |hash| Consent {
            person: Some(Person { hash, masked: "110105********002X".to_owned() }),
            categories: [Category::Personal].into(),
            ..consent()
        };
        let personal = |person| Use { person, categories: [Category::Personal].into(), ..wanted() };
        let answer = |consent: &Consent, wanted: &Use| check(Some(consent), wanted, at(50));
        assert_eq!(answer(&by_person([7; 32]), &personal(Some([7; 32]))), Ok(()));
        assert_eq!(answer(&by_person([7; 32]), &personal(Some([8; 32]))), Err(Denial::WrongSubject));
        assert_eq!(answer(&by_person([7; 32]), &personal(None)), Err(Denial::WrongSubject));
        assert_eq!(answer(&consent(), &personal(Some([7; 32]))), Err(Denial::WrongSubject));
        let set = |categories: &[Category]| categories.iter().copied().collect();
        assert!(categories_fit(true, &set(&[Category::Personal, Category::Credit])));
        assert!(!categories_fit(true, &set(&[Category::Personal, Category::Financials])));
        assert!(!categories_fit(false, &set(&[Category::Personal])));
        assert!(categories_fit(false, &set(&[Category::Credit, Category::Loans])));
    }

    #[test]
    fn of_many_consents_one_that_allows_is_found_and_otherwise_the_nearest_doubt_is_told() {
        let revoked = Consent { state: State::Revoked { at: at(5) }, ..consent() };
        let elsewhere = Consent { purpose: Purpose::CreditScreening, ..consent() };
        let good = consent();
        let all = [revoked.clone(), elsewhere.clone(), good.clone()];
        assert_eq!(allowing(&all, &wanted(), at(50)), Ok(&good));
        assert_eq!(allowing([&elsewhere, &revoked], &wanted(), at(50)), Err(Denial::Revoked));
        assert_eq!(allowing([&elsewhere], &wanted(), at(50)), Err(Denial::WrongPurpose));
        assert_eq!(allowing([], &wanted(), at(50)), Err(Denial::NotFound));
        let worth = |consent: &Consent, now| consent.worth(at(now));
        assert_eq!(
            [worth(&good, -1), worth(&good, 0), worth(&good, 101)],
            ["NOT_YET_VALID", "ACTIVE", "EXPIRED"]
        );
        assert_eq!(worth(&revoked, 50), "REVOKED");
    }
}
