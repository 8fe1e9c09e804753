//! Each of the twelve reasons, on both sides of its border.

use kernel::{EnterpriseId, IpNumber, Uscc};
use uuid::Uuid;

use super::*;
use crate::domain::{
    asset::{AssetDates, Detail},
    legal::{LegalCode, LegalEvent},
    ownership::Owners,
    profile::Personal,
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn firm(code: &str) -> Party {
    Party::Coded { uscc: Uscc::parse(code).unwrap().value, name: None }
}

fn mine() -> Party {
    firm("91419001MA9ABC128H")
}

fn other() -> Party {
    firm("91419001MA9K7Q3R0T")
}

fn association() -> Party {
    Party::Named(Personal::parse("济源市冬凌草协会").unwrap())
}

fn id(n: u128) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(n))
}

fn asset(kind: IpType, number: &str, filed: &str, granted: &str) -> Candidate {
    let date = |text: &str| (!text.is_empty()).then(|| day(text));
    Candidate {
        asset: IpAsset {
            id: id(1),
            enterprise_id: EnterpriseId::from_uuid(Uuid::from_u128(9)),
            kind,
            number: IpNumber::parse(kind, number).unwrap(),
            title: "一种再生铅冶炼方法".to_owned(),
            dates: AssetDates::stored(date(filed), date(granted)).unwrap(),
            owners: Owners::default(),
            detail: Detail { annuity_paid_to: paid(kind), ..Detail::default() },
            events: Vec::new(),
            version: 1,
            amended_at: None,
        },
        holder: mine(),
        same_day_invention: false,
    }
}

fn paid(kind: IpType) -> Option<NaiveDate> {
    kind.is_patent().then(|| day("2024-03-31"))
}

/// Filed 2010-03-31, so that its last day is 2030-03-30.
fn invention() -> Candidate {
    asset(IpType::Invention, "201010137731.2", "2010-03-31", "2012-06-01")
}

fn whole() -> Contract {
    Contract {
        parties: true,
        debt_kind_and_amount: true,
        debt_term: true,
        assets_listed: true,
        secured_scope: true,
    }
}

fn question(candidate: Candidate) -> Question {
    Question {
        candidates: vec![candidate],
        pledgors: vec![mine()],
        borrower: mine(),
        debt_ends: Some(day("2025-01-01")),
        agreements: Vec::new(),
        contract: Some(whole()),
        declared: BTreeSet::new(),
        today: day("2024-01-01"),
    }
}

fn found(question: &Question) -> Vec<(Refuse, Weight)> {
    check(question).iter().map(|finding| (finding.refuse, finding.weight)).collect()
}

fn with_events(mut candidate: Candidate, events: &[(LegalCode, &str)]) -> Candidate {
    candidate.asset.events = events
        .iter()
        .map(|(code, on)| LegalEvent { code: *code, on: day(on), reference: String::new() })
        .collect();
    candidate
}

const REFUSES: Weight = Weight::Refuses;
const UNPROVEN: Weight = Weight::Unproven;

#[test]
fn a_paid_patent_of_the_borrower_is_clear() {
    assert_eq!(check(&question(invention())), []);
    assert_eq!(verdict(&[]), Verdict::Clear);
}

#[test]
fn refuse_01_the_pledgor_is_the_registered_owner() {
    let asked = question(invention());
    let of_other = Question { pledgors: vec![other()], borrower: other(), ..asked.clone() };
    assert_eq!(found(&of_other), [(Refuse::NotTheOwner, REFUSES), (Refuse::NotTheOwner, REFUSES)]);
    let nobody = Question { pledgors: vec![], ..asked.clone() };
    assert_eq!(found(&nobody), [(Refuse::NotTheOwner, REFUSES)]);
    // Somebody who owns nothing stands among those who do.
    let agreed = vec![Agreement { asset: None, party: other() }];
    let too_many = Question { pledgors: vec![mine(), other()], agreements: agreed, ..asked };
    assert_eq!(found(&too_many), [(Refuse::NotTheOwner, REFUSES)]);
    // In a bundle each asset has its own pledgor among all.
    let mut theirs = invention();
    theirs.asset.id = id(2);
    theirs.holder = other();
    let agreed = vec![Agreement { asset: None, party: other() }];
    let bundle = Question {
        candidates: vec![invention(), theirs],
        pledgors: vec![mine(), other()],
        agreements: agreed,
        ..question(invention())
    };
    assert_eq!(found(&bundle), []);
}

#[test]
fn refuse_01_a_published_transfer_has_to_be_the_known_one() {
    let mut moved = with_events(invention(), &[(LegalCode::Transferred, "2022-05-01")]);
    assert_eq!(found(&question(moved.clone())), [(Refuse::NotTheOwner, UNPROVEN)]);
    for (acquired, doubted) in [("2022-04-30", true), ("2022-05-01", false), ("2023-01-01", false)] {
        moved.asset.detail.acquired_on = Some(day(acquired));
        assert_eq!(!found(&question(moved.clone())).is_empty(), doubted, "{acquired}");
    }
}

#[test]
fn refuse_02_what_has_ended_cannot_be_pledged() {
    for (code, curable) in [
        (LegalCode::Invalidated, false),
        (LegalCode::InvalidatedInPart, true),
        (LegalCode::TerminatedUnpaid, true),
        (LegalCode::TermEnded, false),
    ] {
        let gone = with_events(invention(), &[(code, "2023-05-01")]);
        let found = check(&question(gone));
        assert_eq!((found.len(), found[0].refuse, found[0].curable), (1, Refuse::Ended, curable), "{code:?}");
    }
    // What the cure comes to: restored, and maintained in part.
    for (ended, back) in [
        (LegalCode::TerminatedUnpaid, LegalCode::Restored),
        (LegalCode::InvalidatedInPart, LegalCode::MaintainedInPart),
    ] {
        let back = with_events(invention(), &[(ended, "2023-05-01"), (back, "2023-06-01")]);
        assert_eq!(found(&question(back)), []);
    }
    // The event of tomorrow is not known today.
    let later = with_events(invention(), &[(LegalCode::Invalidated, "2024-01-02")]);
    assert_eq!(found(&question(later)), []);
    // 15 years of a layout from its creation, whatever was filed later.
    let mut layout = asset(IpType::IcLayout, "BS.08500145.7", "2014-06-01", "2014-09-01");
    layout.asset.detail.created_on = Some(day("2009-01-02"));
    let asked = |today| Question {
        today: day(today),
        debt_ends: Some(day("2024-01-01")),
        ..question(layout.clone())
    };
    assert_eq!(found(&asked("2024-01-01")), []);
    assert_eq!(found(&asked("2024-01-02"))[0], (Refuse::Ended, REFUSES));
}

#[test]
fn refuse_03_what_is_not_granted_cannot_be_pledged_but_copyright_needs_no_grant() {
    let filed = asset(IpType::Invention, "202210123456.1", "2022-02-10", "");
    assert_eq!(found(&question(filed)), [(Refuse::NotGranted, REFUSES)]);
    let software = asset(IpType::Software, "2021SR1055071", "", "");
    assert_eq!(found(&question(software)), []);
}

#[test]
fn refuse_04_the_annuity_is_paid() {
    let on = |today: &str| Question {
        today: day(today),
        debt_ends: Some(day("2026-01-01")),
        ..question(invention())
    };
    assert_eq!(found(&on("2024-03-31")), [], "the due day itself is in time");
    assert_eq!(found(&on("2024-04-01")), [(Refuse::AnnuityUnpaid, REFUSES)], "in grace");
    assert_eq!(found(&on("2024-09-30")), [(Refuse::AnnuityUnpaid, REFUSES)], "last day of grace");
    assert_eq!(found(&on("2024-10-01")), [(Refuse::Ended, REFUSES)], "lapsed");
    let mut unknown = invention();
    unknown.asset.detail.annuity_paid_to = None;
    let asked = question(unknown);
    assert_eq!(found(&asked), [(Refuse::AnnuityUnpaid, UNPROVEN)]);
    assert_eq!(verdict(&check(&asked)), Verdict::NeedsProof);
}

#[test]
fn refuse_05_disputes_and_preservation_suspend() {
    let lifted = [(LegalCode::Preserved, "2023-01-01"), (LegalCode::PreservationLifted, "2023-06-01")];
    for (events, refused) in [
        (&[(LegalCode::Preserved, "2023-01-01")][..], true),
        (&lifted[..], false),
        (&[(LegalCode::DisputeSuspended, "2023-01-01")], true),
        (&[(LegalCode::DisputeSuspended, "2023-01-01"), (LegalCode::DisputeEnded, "2023-02-01")], false),
    ] {
        let wanted = if refused { vec![(Refuse::Suspended, REFUSES)] } else { Vec::new() };
        assert_eq!(found(&question(with_events(invention(), events))), wanted, "{events:?}");
    }
}

#[test]
fn refuse_06_the_debt_ends_within_the_term() {
    let until = |debt: &str| Question { debt_ends: Some(day(debt)), ..question(invention()) };
    assert_eq!(found(&until("2030-03-30")), [], "the last day of the patent");
    assert_eq!(found(&until("2030-03-31")), [(Refuse::DebtBeyondTerm, REFUSES)], "the day after it");
    let unknown = Question { debt_ends: None, ..question(invention()) };
    assert_eq!(found(&unknown), [(Refuse::DebtBeyondTerm, UNPROVEN)]);

    // 10 years of a layout.
    let layout = asset(IpType::IcLayout, "BS.08500145.7", "2016-05-01", "2016-09-01");
    let until = |debt: &str| Question { debt_ends: Some(day(debt)), ..question(layout.clone()) };
    assert_eq!(found(&until("2026-04-30")), []);
    assert_eq!(found(&until("2026-05-01")), [(Refuse::DebtBeyondTerm, REFUSES)]);

    // A trademark can be renewed.
    let mark = asset(IpType::Trademark, "8840949", "2013-01-01", "2014-05-14");
    let asked = Question { debt_ends: Some(day("2024-05-14")), ..question(mark.clone()) };
    let found_here = check(&asked);
    assert_eq!((found_here[0].refuse, found_here[0].curable), (Refuse::DebtBeyondTerm, true));
    assert!(found_here[0].cure.contains("续展"));
    let mut renewed = mark;
    renewed.asset.detail.renewed_to = Some(day("2034-05-14"));
    assert_eq!(found(&Question { debt_ends: Some(day("2034-05-13")), ..question(renewed) }), []);
}

#[test]
fn refuse_07_the_contract_says_what_article_8_asks_for() {
    type Drop = fn(&mut Contract);
    let spoils: [Drop; 5] = [
        |c| c.parties = false,
        |c| c.debt_kind_and_amount = false,
        |c| c.debt_term = false,
        |c| c.assets_listed = false,
        |c| c.secured_scope = false,
    ];
    let mut reasons = BTreeSet::new();
    for spoil in spoils {
        let mut contract = whole();
        spoil(&mut contract);
        let found = check(&Question { contract: Some(contract), ..question(invention()) });
        assert_eq!((found.len(), found[0].refuse, found[0].asset), (1, Refuse::Contract, None));
        reasons.insert(found[0].reason);
    }
    assert_eq!(reasons.len(), 5);
    let none = Question { contract: None, ..question(invention()) };
    assert_eq!(found(&none), [(Refuse::Contract, UNPROVEN)]);
}

#[test]
fn refuse_08_every_co_owner_pledges_or_agrees() {
    let mut shared = invention();
    shared.asset.owners = Owners::new(vec![(mine(), None), (other(), None), (association(), None)]).unwrap();
    let asked = question(shared);
    let agreement = |asset, party| Agreement { asset, party };
    assert_eq!(found(&asked), [(Refuse::CoOwnerConsent, REFUSES)]);
    for (agreements, refused) in [
        (vec![agreement(None, other())], true),
        (vec![agreement(Some(id(2)), other()), agreement(None, association())], true),
        (vec![agreement(Some(id(1)), other()), agreement(None, association())], false),
    ] {
        let wanted = if refused { vec![(Refuse::CoOwnerConsent, REFUSES)] } else { Vec::new() };
        assert_eq!(
            found(&Question { agreements: agreements.clone(), ..asked.clone() }),
            wanted,
            "{agreements:?}"
        );
    }
    let agreements = vec![agreement(None, association()), agreement(None, other())];
    let together = Question { pledgors: vec![mine(), other()], agreements, ..asked };
    assert_eq!(found(&together), [], "who pledges needs not agree besides");
}

#[test]
fn refuse_09_a_patent_is_pledged_once() {
    let pledged = with_events(invention(), &[(LegalCode::PledgeEffective, "2022-01-01")]);
    assert_eq!(found(&question(pledged)), [(Refuse::AlreadyPledged, REFUSES)]);
    let released = [(LegalCode::PledgeEffective, "2022-01-01"), (LegalCode::PledgeReleased, "2023-12-31")];
    assert_eq!(found(&question(with_events(invention(), &released))), []);
    let later = [(LegalCode::PledgeEffective, "2022-01-01"), (LegalCode::PledgeReleased, "2024-01-02")];
    assert_eq!(found(&question(with_events(invention(), &later))), [(Refuse::AlreadyPledged, REFUSES)]);
}

#[test]
fn refuse_10_and_11_can_be_declared_and_the_others_cannot() {
    let mut pair = asset(IpType::Utility, "202221234567.1", "2022-03-31", "2022-09-01");
    pair.same_day_invention = true;
    let attacked = with_events(invention(), &[(LegalCode::InvalidationRequested, "2023-01-01")]);
    for (candidate, refuse) in [(pair.clone(), Refuse::SameDayPair), (attacked, Refuse::InvalidationStarted)]
    {
        let asked = question(candidate);
        assert_eq!(found(&asked), [(refuse, REFUSES)]);
        let declared = Question { declared: [(id(1), refuse)].into(), ..asked.clone() };
        assert_eq!(found(&declared), [(refuse, Weight::Declared)]);
        assert_eq!(verdict(&check(&declared)), Verdict::Clear);
        let for_another = Question { declared: [(id(2), refuse)].into(), ..asked };
        assert_eq!(found(&for_another), [(refuse, REFUSES)]);
    }
    // The invention of the pair is not refused for it.
    let mut invention = invention();
    invention.same_day_invention = true;
    assert_eq!(found(&question(invention.clone())), []);
    let closed =
        [(LegalCode::InvalidationRequested, "2023-01-01"), (LegalCode::InvalidationClosed, "2023-06-01")];
    assert_eq!(found(&question(with_events(invention, &closed))), []);
    let pledged = with_events(pair, &[(LegalCode::PledgeEffective, "2022-10-01")]);
    let all = Refuse::ALL.map(|refuse| (id(1), refuse));
    let declared = Question { declared: all.into(), ..question(pledged) };
    assert_eq!(verdict(&check(&declared)), Verdict::Refused, "a pledge cannot be declared away");
}

#[test]
fn refuse_12_a_third_partys_pledge_needs_its_word_and_a_sign_cannot_be_pledged() {
    let mut mark = asset(IpType::GiMark, "10325554", "2012-01-01", "2022-05-14");
    mark.asset.owners = Owners::new(vec![(association(), None)]).unwrap();
    let asked = Question { pledgors: vec![association()], ..question(mark) };
    assert_eq!(found(&asked), [(Refuse::Other, REFUSES)]);
    let agreements = vec![Agreement { asset: None, party: association() }];
    assert_eq!(found(&Question { agreements, ..asked }), []);
    let sign = asset(IpType::GiProductSign, "2022年第1号公告", "", "2022-01-01");
    let found = check(&question(sign));
    assert_eq!((found.len(), found[0].refuse, found[0].curable), (1, Refuse::Other, false));
}

#[test]
fn findings_come_by_asset_and_code_and_each_tells_what_to_do() {
    let mut second = with_events(
        invention(),
        &[(LegalCode::PledgeEffective, "2022-01-01"), (LegalCode::Preserved, "2022-01-01")],
    );
    second.asset.id = id(2);
    let first = with_events(invention(), &[(LegalCode::Preserved, "2022-01-01")]);
    let asked = Question { candidates: vec![first, second], contract: None, ..question(invention()) };
    let found = check(&asked);
    let order: Vec<_> = found.iter().map(|finding| (finding.asset, finding.refuse)).collect();
    assert_eq!(
        order,
        [
            (None, Refuse::Contract),
            (Some(id(1)), Refuse::Suspended),
            (Some(id(2)), Refuse::Suspended),
            (Some(id(2)), Refuse::AlreadyPledged)
        ]
    );
    assert!(found.iter().all(|finding| !finding.cure.is_empty() && !finding.reason.is_empty()));
    assert_eq!(Refuse::ALL.map(|refuse| Refuse::from_number(refuse as i32)), Refuse::ALL.map(Some));
    assert!(
        Refuse::ALL.iter().enumerate().all(|(n, refuse)| refuse.code() == format!("REFUSE_{:02}", n + 1))
    );
}
