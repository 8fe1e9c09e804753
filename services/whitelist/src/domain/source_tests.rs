//! States, ages and what several sources say together.

use uuid::Uuid;

use super::*;

fn at(hours: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_686_000_000, 0).unwrap() + TimeDelta::hours(hours)
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn findings() -> Findings {
    Findings {
        as_of: day("2023-06-01"),
        listings: Vec::new(),
        grade: GradeTold::NotTold,
        penalties: Vec::new(),
        pledges: Vec::new(),
    }
}

fn snapshot(source: SourceCode, hours: i64, findings: Findings) -> Snapshot {
    Snapshot {
        id: SnapshotId::from_uuid(Uuid::from_u128(source.number() as u128)),
        enterprise_id: EnterpriseId::from_uuid(Uuid::from_u128(1)),
        source,
        fetched_at: at(hours),
        sha256: [0; 32],
        parser_version: 1,
        findings,
        consent_id: None,
    }
}

fn listed(code: &str, until: Option<&str>) -> Findings {
    let exclusion = Exclusion::parse(code).unwrap();
    let listing = Listing { exclusion, since: day("2022-01-01"), until: until.map(day) };
    Findings { listings: vec![listing], ..findings() }
}

#[test]
fn a_state_never_says_more_than_is_known() {
    let known = Known { connected: true, watched: true, allowed: true, latest: None };
    for (known, wanted) in [
        (known, SourceState::PendingSource),
        (Known { watched: false, ..known }, SourceState::NotRequested),
        (Known { latest: Some(Age::Fresh), ..known }, SourceState::Fresh),
        (Known { latest: Some(Age::Stale), ..known }, SourceState::Stale),
        (Known { connected: false, ..known }, SourceState::NotConnected),
        (Known { connected: false, latest: Some(Age::Stale), ..known }, SourceState::NotConnected),
        (Known { connected: false, latest: Some(Age::Fresh), ..known }, SourceState::Fresh),
        (Known { allowed: false, latest: Some(Age::Fresh), ..known }, SourceState::NoConsent),
        (Known { allowed: false, ..known }, SourceState::NoConsent),
    ] {
        assert_eq!(state(known), wanted, "{known:?}");
    }
}

#[test]
fn a_source_that_fails_is_asked_later_and_later_up_to_a_most() {
    let (first, most) = (TimeDelta::seconds(30), TimeDelta::hours(1));
    let wait = |failures| (retry_at(at(0), failures, first, most) - at(0)).num_seconds();
    assert_eq!([1, 2, 3, 7, 8, 100, i32::MAX].map(wait), [30, 60, 120, 1920, 3600, 3600, 3600]);
    assert_eq!(wait(0), 30);
}

#[test]
fn a_snapshot_is_stale_once_it_is_older_than_the_limit() {
    let told_on = |as_of| Findings { as_of: day(as_of), ..findings() };
    let one = snapshot(SourceCode::CreditChina, 0, told_on("2023-06-06"));
    assert!(!one.is_stale(at(24), TimeDelta::hours(24)));
    assert!(one.is_stale(at(24) + TimeDelta::seconds(1), TimeDelta::hours(24)));
    // Read a moment ago, and told of last year.
    let month = TimeDelta::days(30);
    for (as_of, stale) in [("2023-05-07", false), ("2023-05-06", true), ("2022-06-06", true)] {
        assert_eq!(
            snapshot(SourceCode::CreditChina, 0, told_on(as_of)).is_stale(at(0), month),
            stale,
            "{as_of}"
        );
    }
}

#[test]
fn a_listing_excludes_until_its_last_day_and_a_repaired_one_does_not() {
    let ended = listed("HX03", Some("2023-06-05"));
    assert_eq!(ended.exclusions_on(day("2023-06-05")).len(), 1);
    assert_eq!(ended.exclusions_on(day("2023-06-06")).len(), 0);
    assert_eq!(listed("HX01", None).exclusions_on(day("2099-01-01")).len(), 1);
}

#[test]
fn a_penalty_counts_for_24_months() {
    let penalised =
        Findings { penalties: vec![Penalty { decided_on: day("2021-06-06"), serious: false }], ..findings() };
    assert!(penalised.penalised_within(day("2023-06-05"), 24));
    assert!(!penalised.penalised_within(day("2023-06-06"), 24));
}

#[test]
fn sources_together_find_against_at_once_and_for_only_when_all_have_told() {
    let today = day("2023-06-06");
    let wanted: BTreeSet<SourceCode> = SourceCode::ALL.into();
    let month = TimeDelta::days(30);
    let look = |latest: &[&Snapshot]| picture(latest, &wanted, at(0), today, month);
    assert_eq!(look(&[]).missing, wanted);
    assert_eq!((look(&[]).penalised_24_months, look(&[]).grade), (None, None));

    let china = snapshot(SourceCode::CreditChina, -1, listed("HX01", None));
    let one = look(&[&china]);
    assert_eq!(one.exclusions().len(), 1);
    assert_eq!(one.penalised_24_months, None, "others have not told");

    let graded = |grade| Findings { grade: GradeTold::Graded(grade), ..findings() };
    let henan = snapshot(SourceCode::CreditHenan, -1, graded(CreditGrade::Good));
    let jiyuan = snapshot(SourceCode::CreditJiyuan, -1, graded(CreditGrade::Medium));
    let pledges = snapshot(SourceCode::PledgePlatform, -1, findings());
    let clean = snapshot(SourceCode::CreditChina, -1, findings());
    let all = look(&[&clean, &henan, &jiyuan, &pledges]);
    assert_eq!((all.missing.len(), all.penalised_24_months), (0, Some(false)));
    assert_eq!((all.grade, all.cites.len()), (Some(CreditGrade::Medium), 4));
    let unrated =
        snapshot(SourceCode::CreditJiyuan, -1, Findings { grade: GradeTold::Unrated, ..findings() });
    assert_eq!(look(&[&clean, &henan, &unrated, &pledges]).grade, Some(CreditGrade::Good));

    let old = snapshot(SourceCode::CreditChina, -31 * 24, findings());
    let stale = look(&[&old, &henan, &jiyuan, &pledges]);
    assert_eq!(stale.missing, [SourceCode::CreditChina].into());
    assert_eq!(stale.penalised_24_months, None);
}

#[test]
fn codes_read_back() {
    for source in SourceCode::ALL {
        assert_eq!(SourceCode::from_code(source.code()), Some(source));
        assert_eq!(SourceCode::from_number(source.number()), Some(source));
    }
    for outcome in Outcome::ALL {
        assert_eq!(Outcome::from_code(outcome.code()), Some(outcome));
    }
}
