//! Entries from nomination to the end.

use chrono::{DateTime, TimeDelta, Utc};
use proto::whitelist::v1::{self as wire, entry_service_client::EntryServiceClient};
use rpc::{Actor, Duty};
use tonic::Code;
use whitelist::ROLE;

use crate::{
    screening::{example, screening},
    support::{LIMIT, OTHER_USCC, Stand, USCC, assert_refused, consent, new_id},
};

pub(crate) type Entries = EntryServiceClient<testkit::CallerChannel>;

pub(crate) fn entries(stand: &Stand, duty: Duty) -> Entries {
    let actor = Actor::Staff { id: format!("staff-{}", duty.code()), duties: vec![duty] };
    EntryServiceClient::new(stand.ground.channel(&ROLE, actor))
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) async fn nominate(stand: &Stand, enterprise: &str) -> wire::Entry {
    let request = wire::NominateRequest { request_id: new_id(), enterprise_ids: vec![enterprise.to_owned()] };
    let answer = entries(stand, Duty::Clerk).nominate(request).await.unwrap().into_inner();
    answer.entries.into_iter().next().unwrap()
}

/// Waits until the latest entry of `enterprise` is in `state`.
pub(crate) async fn reaches(stand: &Stand, enterprise: &str, state: wire::EntryState) -> wire::Entry {
    testkit::eventually(LIMIT, async || {
        let key = Some(wire::get_entry_request::Key::EnterpriseId(enterprise.to_owned()));
        let request = wire::GetEntryRequest { key };
        let entry = entries(stand, Duty::Clerk).get_entry(request).await.unwrap().into_inner();
        if entry.state == i32::from(state) { Ok(entry) } else { Err(entry) }
    })
    .await
}

pub(crate) async fn publicity(stand: &Stand, entry: &wire::Entry) -> wire::Entry {
    let request =
        wire::OpenPublicityRequest { request_id: new_id(), entry_ids: vec![entry.entry_id.clone()] };
    let answer = entries(stand, Duty::Supervisor).open_publicity(request).await.unwrap().into_inner();
    answer.entries.into_iter().next().unwrap()
}

/// Registered, nominated, published and listed; the clock stands at the moment of listing.
pub(crate) async fn listed(stand: &Stand, uscc: &str) -> (String, wire::Entry) {
    let id = example(stand, uscc).await;
    let mut form = consent(&id, stand.now());
    form.valid_to = Some(crate::support::timestamp(stand.now() + TimeDelta::days(900)));
    stand.clerk().grant_consent(form).await.unwrap();
    nominate(stand, &id).await;
    let scored = reaches(stand, &id, wire::EntryState::Scored).await;
    let open = publicity(stand, &scored).await;
    let ends = open.publicity_ends_at.unwrap();
    stand.ground.clock().set(DateTime::from_timestamp(ends.seconds + 1, 0).unwrap());
    let entry = reaches(stand, &id, wire::EntryState::Listed).await;
    (id, entry)
}

pub(crate) fn command(entry: &wire::Entry) -> wire::EntryCommandRequest {
    wire::EntryCommandRequest {
        request_id: new_id(),
        entry_id: entry.entry_id.clone(),
        note: "经核实".to_owned(),
    }
}

pub(crate) async fn standing(stand: &Stand, uscc: &str) -> wire::Standing {
    let query = wire::StandingQuery { uscc: uscc.to_owned(), ..Default::default() };
    let request = wire::GetStandingsRequest { queries: vec![query] };
    let answer = stand.role("intake").get_standings(request).await.unwrap().into_inner();
    answer.standings.into_iter().next().unwrap()
}

#[tokio::test]
async fn an_entry_goes_from_nomination_over_consent_and_publicity_to_the_list() {
    let stand = Stand::new().await;
    stand.ground.clock().set(at("2022-09-29T02:00:00Z"));
    let id = example(&stand, USCC).await;
    let nominated = nominate(&stand, &id).await;
    assert_eq!(nominate(&stand, &id).await.entry_id, nominated.entry_id, "who has a live entry keeps it");
    reaches(&stand, &id, wire::EntryState::ConsentPending).await;
    stand.consent(&id).await;
    // The looks for a consent are seconds apart.
    stand.ground.clock().advance(TimeDelta::seconds(30));
    let scored = reaches(&stand, &id, wire::EntryState::Scored).await;
    assert_eq!((scored.score, scored.grade), (6_050, 3));
    assert!(!standing(&stand, USCC).await.listed);
    let open = publicity(&stand, &scored).await;
    // Five working days over the National Day holiday, two of them on a weekend (domain.md §2.9).
    assert_eq!(open.publicity_ends_at.unwrap().seconds, at("2022-10-11T15:59:59Z").timestamp());
    assert_eq!(publicity(&stand, &open).await.version, open.version, "opening twice is no error");
    stand.ground.clock().set(at("2022-10-11T15:59:59Z"));
    reaches(&stand, &id, wire::EntryState::Publicity).await;
    stand.ground.clock().set(at("2022-10-11T16:00:00Z"));
    let listed = reaches(&stand, &id, wire::EntryState::Listed).await;
    assert_eq!((listed.listed_on.as_str(), listed.expires_on.as_str()), ("2022-10-12", "2023-10-11"));
    let stands = standing(&stand, USCC).await;
    assert_eq!((stands.listed, stands.grade), (true, 3));
    let owed = stand.owed().await;
    assert!(owed.contains(&"whitelist.entry-listed.v1".to_owned()), "{owed:?}");
    assert!(owed.contains(&"whitelist.standing-recorded.v1".to_owned()), "{owed:?}");
    let history: Vec<String> = sqlx::query_scalar("SELECT kind FROM entry_event ORDER BY version")
        .fetch_all(&stand.pool)
        .await
        .unwrap();
    assert_eq!(
        history,
        ["NOMINATED", "CONSENT_SOUGHT", "CONSENT_GIVEN", "SCORED", "PUBLICITY_OPENED", "LISTED"]
    );
    let moves = stand.audited().await.into_iter().filter(|(_, action, _)| action == "MOVE_ENTRY").count();
    assert_eq!(moves, 5);
}

#[tokio::test]
async fn a_hard_exclusion_suspends_at_once_its_cure_reinstates_and_thirty_days_without_remove() {
    let stand = Stand::new().await;
    stand.ground.clock().set(at("2022-09-29T02:00:00Z"));
    let (id, _) = listed(&stand, USCC).await;
    let mut supervisor = screening(&stand, Duty::Supervisor);
    let form = wire::RecordExclusionRequest {
        request_id: new_id(),
        enterprise_id: id.clone(),
        code: "HX03".to_owned(),
        evidence_sha256: vec![7; 32],
    };
    let recorded = supervisor.record_exclusion(form.clone()).await.unwrap().into_inner();
    let suspended = reaches(&stand, &id, wire::EntryState::Suspended).await;
    assert_eq!(suspended.exclusions, ["HX03"]);
    let stands = standing(&stand, USCC).await;
    assert_eq!(
        (stands.listed, stands.exclusions),
        (false, vec!["HX03".to_owned()]),
        "nothing new is dispatched"
    );

    let cure = wire::CureExclusionRequest {
        request_id: new_id(),
        exclusion_id: recorded.exclusion_id,
        evidence_sha256: vec![8; 32],
    };
    supervisor.cure_exclusion(cure).await.unwrap();
    reaches(&stand, &id, wire::EntryState::Listed).await;
    assert!(standing(&stand, USCC).await.listed);

    let again = wire::RecordExclusionRequest { request_id: new_id(), ..form };
    supervisor.record_exclusion(again).await.unwrap();
    reaches(&stand, &id, wire::EntryState::Suspended).await;
    stand.ground.clock().advance(TimeDelta::days(32));
    let removed = reaches(&stand, &id, wire::EntryState::Removed).await;
    assert_eq!(removed.reason, "NOT_CURED");
    let owed = stand.owed().await;
    for kind in ["whitelist.entry-suspended.v1", "whitelist.entry-removed.v1"] {
        assert!(owed.contains(&kind.to_owned()), "{kind}: {owed:?}");
    }
    // After its end the enterprise may be nominated anew.
    assert_ne!(nominate(&stand, &id).await.entry_id, removed.entry_id);
}

#[tokio::test]
async fn an_objection_leads_back_to_screening_and_a_term_is_renewed_or_expires() {
    let stand = Stand::new().await;
    stand.ground.clock().set(at("2022-09-29T02:00:00Z"));
    let id = example(&stand, OTHER_USCC).await;
    stand.consent(&id).await;
    nominate(&stand, &id).await;
    let scored = reaches(&stand, &id, wire::EntryState::Scored).await;
    let open = publicity(&stand, &scored).await;
    let mut supervisor = entries(&stand, Duty::Supervisor);
    let objected = entries(&stand, Duty::Clerk).object(command(&open)).await.unwrap().into_inner();
    assert_eq!(objected.state, i32::from(wire::EntryState::Screening));
    let again = reaches(&stand, &id, wire::EntryState::Scored).await;
    let early = supervisor.renew(command(&again)).await;
    assert_refused(early, Code::FailedPrecondition, "ENTRY_STATE", None);
    let with_name = wire::EntryCommandRequest { note: format!("异议 {USCC}"), ..command(&again) };
    assert_refused(
        supervisor.remove(with_name).await,
        Code::InvalidArgument,
        "TEXT_HAS_IDENTIFIER",
        Some("note"),
    );
    let gone = supervisor.remove(command(&again)).await.unwrap().into_inner();
    assert_eq!((gone.state, gone.reason.as_str()), (i32::from(wire::EntryState::Removed), "WITHDRAWN"));
    let twice = supervisor.remove(command(&again)).await;
    assert_refused(twice, Code::FailedPrecondition, "ENTRY_STATE", None);

    let (id, entry) = listed(&stand, USCC).await;
    let early = supervisor.renew(command(&entry)).await;
    assert_refused(early, Code::FailedPrecondition, "ENTRY_TOO_EARLY", None);
    stand.ground.clock().advance(TimeDelta::days(340));
    let renewed = supervisor.renew(command(&entry)).await.unwrap().into_inner();
    assert_eq!((renewed.listed_on.as_str(), renewed.expires_on.as_str()), ("2022-10-12", "2024-10-11"));
    // Another year on the certificates have run out, and with them the points.
    stand.ground.clock().advance(TimeDelta::days(365));
    let twice = supervisor.renew(command(&entry)).await;
    assert_refused(twice, Code::FailedPrecondition, "ENTRY_NOT_ELIGIBLE", None);
    let warned = "SELECT count(*) FROM entry_event WHERE kind = 'EXPIRY_WARNED'";
    testkit::eventually(LIMIT, async || {
        sqlx::query_scalar::<_, i64>(warned).fetch_one(&stand.pool).await.unwrap() == 1
    })
    .await;
    stand.ground.clock().advance(TimeDelta::days(26));
    reaches(&stand, &id, wire::EntryState::Expired).await;
    assert!(!standing(&stand, USCC).await.listed);
}

#[tokio::test]
async fn a_consent_that_is_taken_back_takes_the_enterprise_off() {
    let stand = Stand::new().await;
    stand.ground.clock().set(at("2022-09-29T02:00:00Z"));
    let id = example(&stand, USCC).await;
    let consent = stand.consent(&id).await;
    nominate(&stand, &id).await;
    reaches(&stand, &id, wire::EntryState::Scored).await;
    let revoke = wire::RevokeConsentRequest { request_id: new_id(), consent_id: consent.consent_id };
    stand.clerk().revoke_consent(revoke).await.unwrap();
    stand.ground.clock().advance(TimeDelta::hours(2));
    let removed = reaches(&stand, &id, wire::EntryState::Removed).await;
    assert_eq!(removed.reason, "CONSENT_REVOKED");
}

#[tokio::test]
async fn nominations_name_what_is_unknown_and_others_may_not_do_what_supervisors_do() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let unknown = new_id();
    let request =
        wire::NominateRequest { request_id: new_id(), enterprise_ids: vec![unknown.clone(), id.clone()] };
    let answer = entries(&stand, Duty::Clerk).nominate(request.clone()).await.unwrap().into_inner();
    assert_eq!((answer.entries.len(), answer.unknown_enterprise_ids.clone()), (1, vec![unknown]));
    let repeat = entries(&stand, Duty::Clerk).nominate(request).await.unwrap().into_inner();
    assert_eq!(repeat, answer);
    let entry = answer.entries.into_iter().next().unwrap();
    let refused = entries(&stand, Duty::Clerk).remove(command(&entry)).await;
    assert_refused(refused, Code::PermissionDenied, "PERMISSION_DENIED", None);
    let refused = entries(&stand, Duty::Operator).list_entries(wire::ListEntriesRequest::default()).await;
    assert_refused(refused, Code::PermissionDenied, "PERMISSION_DENIED", None);
    let listed = entries(&stand, Duty::Regulator)
        .list_entries(wire::ListEntriesRequest { page_size: 1, ..Default::default() })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(listed.entries[0].entry_id, entry.entry_id);
}

/// What 信用中国 says of the enterprise, dropped as a file.
fn drop_reply(directory: &std::path::Path, as_of: &str, listings: &serde_json::Value) {
    let reply = serde_json::json!({
        "contract": "zhirong-source/1", "source": "CREDIT_CHINA", "subject": USCC, "as_of": as_of, "complete": true,
        "listings": listings, "penalties": [], "grade": "良",
    });
    std::fs::write(directory.join(format!("{USCC}.json")), reply.to_string()).unwrap();
}

#[tokio::test]
async fn a_source_that_does_not_tell_delays_the_decision_and_what_it_tells_decides_it() {
    let directory = std::env::temp_dir().join(format!("zhirong-drop-{}", new_id()));
    std::fs::create_dir_all(&directory).unwrap();
    let address = format!("file:{}", directory.display());
    let stand = Stand::with(&[
        ("ZHIRONG_WHITELIST_SOURCE_CREDIT_CHINA", &address),
        ("ZHIRONG_WHITELIST_SOURCE_RETRY", "1s"),
        ("ZHIRONG_WHITELIST_SOURCE_RETRY_FIRST", "1s"),
        ("ZHIRONG_WHITELIST_SOURCE_RETRY_MOST", "1s"),
    ])
    .await;
    let today = kernel::calendar::date_of(stand.now()).to_string();
    let id = example(&stand, USCC).await;
    stand.consent(&id).await;
    nominate(&stand, &id).await;
    // Nothing was dropped: it neither passes nor fails.
    testkit::eventually(LIMIT, async || {
        let entry = reaches(&stand, &id, wire::EntryState::Screening).await;
        if entry.waiting_for == "PENDING_SOURCE" { Ok(()) } else { Err(entry) }
    })
    .await;
    drop_reply(&directory, &today, &serde_json::json!([]));
    let scored = reaches(&stand, &id, wire::EntryState::Scored).await;
    assert_eq!((scored.score, scored.waiting_for.as_str()), (6_050 + 480 + 400, ""), "E1 良, E2 no penalty");
    let asked = wire::ExplainResultRequest { run_id: scored.run_id.clone(), enterprise_id: id.clone() };
    let told = screening(&stand, Duty::Clerk).explain_result(asked).await.unwrap().into_inner();
    assert_eq!(told.snapshot_ids.len(), 1, "the decision names what it saw");
    let replayed = wire::ReplayRunRequest { run_id: scored.run_id.clone() };
    assert!(screening(&stand, Duty::Clerk).replay_run(replayed).await.unwrap().into_inner().identical);
    std::fs::remove_dir_all(&directory).unwrap();
}
