//! Legal-status events (法律状态) of an asset and what they leave it good for (domain.md §2.5).

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kernel::typed::normalise;

/// Longest reference (registration number, case number of a court) in characters.
pub const REFERENCE_MAX: usize = 64;

macro_rules! legal_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $chinese:literal;)+) => {
        /// What happened to a right. The codes are those of the gazette; TD, IR and RS are ours, for what it has none.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum LegalCode {
            $($(#[$doc])* $name,)+
        }

        impl LegalCode {
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            pub fn chinese(self) -> &'static str {
                match self { $(Self::$name => $chinese,)+ }
            }
        }
    };
}

legal_codes! {
    PledgeEffective = "PE01", "质押生效";
    PledgeChanged = "PM01", "质押变更";
    PledgeReleased = "PC01", "质押注销";
    Preserved = "PP01", "保全";
    PreservationLifted = "PD01", "保全解除";
    Transferred = "TR01", "转移";
    LicenceRecorded = "EE01", "许可备案生效";
    LicenceChanged = "EM01", "许可备案变更";
    LicenceEnded = "EC01", "许可备案注销";
    /// In part; what is left of it is for a person to judge ([`Self::MaintainedInPart`]): until then it counts as invalid.
    InvalidatedInPart = "IP", "部分无效";
    Invalidated = "IW", "全部无效";
    TerminatedUnpaid = "CF01", "未缴年费终止";
    TermEnded = "CX01", "期限届满终止";
    DisputeSuspended = "TD01", "权属纠纷中止";
    DisputeEnded = "TD02", "权属纠纷中止结束";
    InvalidationRequested = "IR01", "无效宣告请求受理";
    InvalidationClosed = "IR02", "无效宣告审查结束（维持有效）";
    /// What is left is a right that holds: a person has looked at the decision.
    MaintainedInPart = "IR03", "部分无效，其余部分维持有效";
    /// After a termination for want of an annuity, within the time for that.
    Restored = "RS01", "恢复权利";
}

impl LegalCode {
    /// Reads a code as typed; the gazette's IP01 and IW01 are IP and IW.
    pub fn parse(text: &str) -> Option<Self> {
        let typed = normalise(text);
        let code = match typed.as_str() {
            "IP01" => "IP",
            "IW01" => "IW",
            code => code,
        };
        Self::ALL.iter().copied().find(|known| known.code() == code)
    }
}

/// One event, as the gazette or a register told it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LegalEvent {
    pub code: LegalCode,
    pub on: NaiveDate,
    /// What it belongs to, such as the number of the pledge's registration; may be empty.
    pub reference: String,
}

/// Why a right is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Invalidated,
    /// Until a person has said that the rest is maintained.
    InvalidatedInPart,
    TerminatedUnpaid,
    TermEnded,
}

/// What the events up to now add up to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LegalState {
    pub pledged: bool,
    pub preserved: bool,
    pub licensed: bool,
    /// A dispute about the title suspends whatever needs the register.
    pub disputed: bool,
    /// Somebody asked for the right to be declared invalid, and it is not decided.
    pub invalidation_open: bool,
    /// The latest change of owner that was published.
    pub transferred_on: Option<NaiveDate>,
    /// That change came after the owners on record acquired it: it is somebody else's as far as is known.
    pub passed_on: bool,
    pub ended: Option<(Ending, NaiveDate)>,
}

/// What somebody wants to do with a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    Pledge,
    Transfer,
    License,
    /// To count it as valid in a score.
    Count,
}

/// Whether it may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usable {
    Free,
    /// A pledge does not end the right but ties it: the pledgee has to agree (民法典 §444).
    WithPledgeesConsent,
    Barred,
}

impl LegalState {
    /// In the hands of owners who acquired it on `acquired_on`; not known: who filed for it. A transfer that was published is
    /// the one by which they did, or one that the register knows nothing of: then it is theirs no more until the register is
    /// amended.
    #[must_use]
    pub fn of_owners_since(self, acquired_on: Option<NaiveDate>) -> Self {
        let passed_on =
            self.transferred_on.is_some_and(|moved| acquired_on.is_none_or(|acquired| acquired < moved));
        Self { passed_on, ..self }
    }

    pub fn usable_for(&self, intent: Intent) -> Usable {
        let tied = self.preserved || self.disputed;
        match intent {
            _ if self.ended.is_some() || self.passed_on => Usable::Barred,
            Intent::Count => Usable::Free,
            _ if tied => Usable::Barred,
            Intent::Pledge if self.pledged => Usable::Barred,
            Intent::Transfer | Intent::License if self.pledged => Usable::WithPledgeesConsent,
            Intent::Pledge | Intent::Transfer | Intent::License => Usable::Free,
        }
    }
}

/// Things that are open until an event with the same reference closes them.
#[derive(Default)]
struct Open<'a>(BTreeSet<&'a str>);

impl<'a> Open<'a> {
    fn open(&mut self, reference: &'a str) {
        self.0.insert(reference);
    }

    /// Who closes without a reference closes all; what was opened without one is closed by any.
    fn close(&mut self, reference: &'a str) {
        if reference.is_empty() {
            self.0.clear();
        } else if !self.0.remove(reference) {
            self.0.remove("");
        }
    }

    fn any(&self) -> bool {
        !self.0.is_empty()
    }
}

/// Folds `events`, which come in the order in which they happened, up to and including `today`.
pub fn fold<'a>(events: impl IntoIterator<Item = &'a LegalEvent>, today: NaiveDate) -> LegalState {
    let (mut pledges, mut orders, mut licences) = (Open::default(), Open::default(), Open::default());
    let (mut disputes, mut attacks) = (Open::default(), Open::default());
    // What has ended for good, and what can still come back.
    let (mut end, mut doubt, mut unpaid) = (None, None, None);
    let mut state = LegalState::default();
    for event in events.into_iter().filter(|event| event.on <= today) {
        let reference = event.reference.as_str();
        match event.code {
            LegalCode::PledgeEffective | LegalCode::PledgeChanged => pledges.open(reference),
            LegalCode::PledgeReleased => pledges.close(reference),
            LegalCode::Preserved => orders.open(reference),
            LegalCode::PreservationLifted => orders.close(reference),
            LegalCode::Transferred => state.transferred_on = Some(event.on),
            LegalCode::LicenceRecorded | LegalCode::LicenceChanged => licences.open(reference),
            LegalCode::LicenceEnded => licences.close(reference),
            LegalCode::InvalidatedInPart => {
                doubt = Some((Ending::InvalidatedInPart, event.on));
                attacks.close("");
            }
            LegalCode::Invalidated => {
                end = Some((Ending::Invalidated, event.on));
                attacks.close("");
            }
            LegalCode::MaintainedInPart => {
                doubt = None;
                attacks.close(reference);
            }
            LegalCode::TerminatedUnpaid => unpaid = Some((Ending::TerminatedUnpaid, event.on)),
            LegalCode::Restored => unpaid = None,
            LegalCode::TermEnded => end = Some((Ending::TermEnded, event.on)),
            LegalCode::DisputeSuspended => disputes.open(reference),
            LegalCode::DisputeEnded => disputes.close(reference),
            LegalCode::InvalidationRequested => attacks.open(reference),
            LegalCode::InvalidationClosed => attacks.close(reference),
        }
    }
    LegalState {
        pledged: pledges.any(),
        preserved: orders.any(),
        licensed: licences.any(),
        disputed: disputes.any(),
        invalidation_open: attacks.any(),
        ended: end.or(doubt).or(unpaid),
        ..state
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2022, 9, d).unwrap()
    }

    fn event(code: &str, on: u32, reference: &str) -> LegalEvent {
        LegalEvent { code: LegalCode::parse(code).unwrap(), on: day(on), reference: reference.to_owned() }
    }

    fn after(events: &[LegalEvent]) -> LegalState {
        fold(events, day(30))
    }

    #[test]
    fn codes_read_back_and_those_of_the_gazette_are_all_known() {
        for code in LegalCode::ALL {
            assert_eq!(LegalCode::parse(code.code()), Some(*code));
        }
        for code in ["PE01", "PM01", "PC01", "PP01", "PD01", "TR01", "EE01", "EM01", "EC01", "ip", "IW01"] {
            assert!(LegalCode::parse(code).is_some(), "{code}");
            assert!(
                kernel::legal_status::LegalStatus::from_code(code.trim_end_matches("01")).is_some()
                    || kernel::legal_status::LegalStatus::from_code(code).is_some()
            );
        }
        assert_eq!(LegalCode::parse("GR01"), None);
    }

    #[test]
    fn what_was_opened_is_closed_by_the_event_that_belongs_to_it() {
        assert!(after(&[event("PE01", 1, "A")]).pledged);
        assert!(!after(&[event("PE01", 1, "A"), event("PC01", 2, "A")]).pledged);
        assert!(
            after(&[event("PE01", 1, "A"), event("PC01", 2, "B")]).pledged,
            "another pledge was released"
        );
        assert!(!after(&[event("PE01", 1, ""), event("PC01", 2, "B")]).pledged);
        assert!(!after(&[event("PE01", 1, "A"), event("PC01", 2, "")]).pledged);
        assert!(after(&[event("PP01", 1, "x"), event("PP01", 2, "y"), event("PD01", 3, "x")]).preserved);
        assert!(!after(&[event("EE01", 1, "l"), event("EC01", 2, "l")]).licensed);
        assert!(!after(&[event("TD01", 1, ""), event("TD02", 2, "")]).disputed);
        assert!(after(&[event("IR01", 1, "n")]).invalidation_open);
        let lost = after(&[event("IR01", 1, "n"), event("IW", 3, "")]);
        assert!(!lost.invalidation_open);
        assert_eq!(lost.ended, Some((Ending::Invalidated, day(3))));
        assert_eq!(after(&[event("TR01", 4, "")]).transferred_on, Some(day(4)));
    }

    #[test]
    fn an_event_counts_from_its_day() {
        let events = [event("PE01", 10, "A")];
        assert!(!fold(&events, day(9)).pledged);
        assert!(fold(&events, day(10)).pledged);
    }

    #[test]
    fn a_state_says_what_a_right_may_be_used_for() {
        use Intent::{Count, License, Pledge, Transfer};
        use Usable::{Barred, Free, WithPledgeesConsent as Asked};
        for (events, wanted) in [
            (vec![], [Free, Free, Free, Free]),
            (vec![event("PE01", 1, "")], [Barred, Asked, Asked, Free]),
            (vec![event("PP01", 1, "")], [Barred, Barred, Barred, Free]),
            (vec![event("TD01", 1, "")], [Barred, Barred, Barred, Free]),
            (vec![event("EE01", 1, "")], [Free, Free, Free, Free]),
            (vec![event("IR01", 1, "")], [Free, Free, Free, Free]),
            (vec![event("IP", 1, "")], [Barred; 4]),
            (vec![event("CF01", 1, "")], [Barred; 4]),
            (vec![event("CF01", 1, ""), event("RS01", 2, "")], [Free; 4]),
            (vec![event("RS01", 1, ""), event("CF01", 2, "")], [Barred; 4]),
            (vec![event("IP", 1, ""), event("IR03", 2, "")], [Free; 4]),
            (vec![event("IP", 1, ""), event("RS01", 2, "")], [Barred; 4]),
            (vec![event("CF01", 1, ""), event("IP", 2, ""), event("RS01", 3, "")], [Barred; 4]),
            (vec![event("IW", 1, ""), event("IR03", 2, ""), event("RS01", 3, "")], [Barred; 4]),
            (vec![event("TR01", 1, "")], [Free; 4]),
        ] {
            let state = after(&events);
            let found = [Pledge, Transfer, License, Count].map(|intent| state.usable_for(intent));
            assert_eq!(found, wanted, "{events:?}");
        }
    }

    #[test]
    fn who_the_register_does_not_know_to_have_acquired_it_has_passed_it_on() {
        let state = after(&[event("TR01", 4, "")]);
        for (acquired_on, usable) in [
            (None, Usable::Barred),
            (Some(day(3)), Usable::Barred),
            (Some(day(4)), Usable::Free),
            (Some(day(5)), Usable::Free),
        ] {
            let state = state.clone().of_owners_since(acquired_on);
            for intent in [Intent::Pledge, Intent::Transfer, Intent::License, Intent::Count] {
                assert_eq!(state.usable_for(intent), usable, "{acquired_on:?} {intent:?}");
            }
        }
        assert!(!after(&[]).of_owners_since(None).passed_on);
    }

    proptest! {
        #[test]
        fn telling_an_event_twice_changes_nothing(
            codes in prop::collection::vec((prop::sample::select(LegalCode::ALL), 1..28_u32), 0..12),
        ) {
            let mut events: Vec<LegalEvent> = codes
                .into_iter()
                .map(|(code, on)| LegalEvent { code, on: day(on), reference: String::new() })
                .collect();
            events.sort_by_key(|event| event.on);
            let twice: Vec<LegalEvent> = events.iter().flat_map(|event| [event.clone(), event.clone()]).collect();
            prop_assert_eq!(after(&events), after(&twice));
        }
    }
}
