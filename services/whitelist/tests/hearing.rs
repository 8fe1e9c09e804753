//! Entries beside platforms that tell, take back, are away, or may not be asked any more.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use kernel::calendar::date_of;
use proto::whitelist::v1 as wire;
use rpc::Duty;
use serde_json::json;
use tonic::Code;

use crate::{
    entries::{at, command, entries, nominate, publicity, reaches, standing},
    screening::{example, screening},
    sources::{Mood, Platform, stand},
    support::{LIMIT, Stand, USCC, assert_refused, consent, new_id, timestamp},
};

/// Time goes on by minutes until the entry is in `state`.
async fn passes(stand: &Stand, id: &str, state: wire::EntryState) -> wire::Entry {
    until(stand, async || {
        let key = Some(wire::get_entry_request::Key::EnterpriseId(id.to_owned()));
        let request = wire::GetEntryRequest { key };
        let entry = entries(stand, Duty::Clerk).get_entry(request).await.unwrap().into_inner();
        if entry.state == i32::from(state) { Ok(entry) } else { Err(entry) }
    })
    .await
}

async fn until<T, E: std::fmt::Debug>(stand: &Stand, look: impl AsyncFn() -> Result<T, E>) -> T {
    let look = &look;
    testkit::eventually(LIMIT, async || {
        let seen = look().await;
        if seen.is_err() {
            stand.ground.clock().advance(TimeDelta::minutes(1));
        }
        seen
    })
    .await
}

/// When the live entry is looked at next for `kind`, and how often it was put off.
async fn task(stand: &Stand, kind: &str) -> (DateTime<Utc>, i32) {
    sqlx::query_as("SELECT due_at, attempts FROM entry_task WHERE kind = $1")
        .bind(kind)
        .fetch_one(&stand.pool)
        .await
        .unwrap()
}

async fn grant(stand: &Stand, id: &str, purpose: i32, categories: &[i32], days: i64) -> wire::Consent {
    let request = wire::GrantConsentRequest {
        purpose,
        categories: categories.to_vec(),
        valid_to: Some(timestamp(stand.now() + TimeDelta::days(days))),
        ..consent(id, stand.now())
    };
    stand.clerk().grant_consent(request).await.unwrap().into_inner().consent.unwrap()
}

async fn revoke(stand: &Stand, consent: wire::Consent) {
    let request = wire::RevokeConsentRequest { request_id: new_id(), consent_id: consent.consent_id };
    stand.clerk().revoke_consent(request).await.unwrap();
}

/// The platforms speak as of today.
fn speak(platform: &Platform, stand: &Stand) {
    platform.set(|held| held.as_of = date_of(stand.now()).to_string());
}

fn abnormal(platform: &Platform) {
    platform.set(|held| {
        held.told_by = Some("CREDIT_JIYUAN");
        held.listings =
            json!([{"list": "ABNORMAL_OPERATION", "since": "2025-01-05", "until": null, "document": "异字1号"}]);
    });
}

/// On the list, with consents to everything; the clock stands at the moment of listing.
async fn listed(stand: &Stand, platform: &Platform) -> (String, wire::Consent) {
    let id = example(stand, USCC).await;
    grant(stand, &id, 1, &[1, 4], 900).await;
    let credit = grant(stand, &id, 2, &[3], 900).await;
    nominate(stand, &id).await;
    let scored = passes(stand, &id, wire::EntryState::Scored).await;
    let open = publicity(stand, &scored).await;
    let ends = open.publicity_ends_at.unwrap().seconds + 1;
    stand.ground.clock().set(DateTime::from_timestamp(ends, 0).unwrap());
    speak(platform, stand);
    passes(stand, &id, wire::EntryState::Listed).await;
    (id, credit)
}

/// On the list, and then off it by what 信用济源 has come to tell.
async fn suspended(stand: &Stand, platform: &Platform) -> (String, wire::Entry, wire::Consent) {
    let (id, credit) = listed(stand, platform).await;
    abnormal(platform);
    let since = stand.now();
    stand.ground.clock().advance(TimeDelta::hours(12));
    let entry = passes(stand, &id, wire::EntryState::Suspended).await;
    assert_eq!(entry.exclusions, ["HX03"]);
    assert!(stand.now() - since < TimeDelta::days(1), "seen after {}", stand.now() - since);
    (id, entry, credit)
}

#[tokio::test]
async fn a_new_exclusion_suspends_within_a_day_and_taking_back_the_consent_does_not_lift_it() {
    let platform = Platform::start().await;
    let stand = stand(&platform).await;
    let (id, _, credit) = suspended(&stand, &platform).await;
    revoke(&stand, credit).await;
    let looked_after = stand.now() + TimeDelta::hours(1);
    until(&stand, async || {
        let (due, _) = task(&stand, "WATCH").await;
        if due > looked_after { Ok(()) } else { Err(due) }
    })
    .await;
    let entry = reaches(&stand, &id, wire::EntryState::Suspended).await;
    assert_eq!(entry.exclusions, ["HX03"], "nobody has said that it is gone");
    assert!(!standing(&stand, USCC).await.listed);

    // It may be asked again, and clears it.
    grant(&stand, &id, 2, &[3], 900).await;
    platform.set(|held| held.listings = json!([]));
    stand.ground.clock().advance(TimeDelta::hours(12));
    let back = passes(&stand, &id, wire::EntryState::Listed).await;
    assert!(back.exclusions.is_empty() && standing(&stand, USCC).await.listed);
}

#[tokio::test]
async fn a_repair_has_the_sources_asked_at_once_and_is_judged_by_what_they_tell_then() {
    let platform = Platform::start().await;
    let stand = stand(&platform).await;
    let (id, entry, _) = suspended(&stand, &platform).await;
    stand.ground.clock().advance(TimeDelta::minutes(1));
    let asked = platform.asked();
    let mut supervisor = entries(&stand, Duty::Supervisor);
    let repaired = supervisor.repair(command(&entry)).await.unwrap().into_inner();
    assert_eq!(repaired.state(), wire::EntryState::Screening);
    // The source still tells the same: no repair.
    let again = passes(&stand, &id, wire::EntryState::Suspended).await;
    assert!(platform.asked() >= asked + 4, "nobody was asked");
    platform.set(|held| held.listings = json!([]));
    stand.ground.clock().advance(TimeDelta::minutes(1));
    let repaired_at = stand.now();
    supervisor.repair(command(&again)).await.unwrap();
    let scored = passes(&stand, &id, wire::EntryState::Scored).await;
    assert!(scored.exclusions.is_empty());
    let after = stand.now() - repaired_at;
    assert!(after < TimeDelta::hours(12), "not asked before the next refreshing: {after}");
}

#[tokio::test]
async fn a_source_that_is_away_on_the_last_day_removes_nobody() {
    let platform = Platform::start().await;
    let stand = stand(&platform).await;
    let (id, ..) = suspended(&stand, &platform).await;
    platform.set(|held| held.mood = Mood::Broken);
    stand.ground.clock().advance(TimeDelta::days(32));
    until(&stand, async || match task(&stand, "CURE").await {
        (_, 0) => Err("not looked at yet"),
        _ => Ok(()),
    })
    .await;
    reaches(&stand, &id, wire::EntryState::Suspended).await;
    platform.set(|held| held.mood = Mood::Good);
    speak(&platform, &stand);
    let removed = passes(&stand, &id, wire::EntryState::Removed).await;
    assert_eq!((removed.reason.as_str(), &removed.exclusions[..]), ("NOT_CURED", &["HX03".to_owned()][..]));

    // Nominated anew it cannot leave behind what is known, by not letting anybody ask.
    let credit: Vec<uuid::Uuid> =
        sqlx::query_scalar("SELECT consent_id FROM consent WHERE purpose = 'CREDIT_SCREENING'")
            .fetch_all(&stand.pool)
            .await
            .unwrap();
    for consent_id in credit {
        revoke(&stand, wire::Consent { consent_id: consent_id.to_string(), ..Default::default() }).await;
    }
    nominate(&stand, &id).await;
    until(&stand, async || {
        let entry = reaches(&stand, &id, wire::EntryState::Screening).await;
        if entry.waiting_for == "PENDING_SOURCE" { Ok(()) } else { Err(entry) }
    })
    .await;
}

#[tokio::test]
async fn a_nomination_has_the_pledge_platform_asked_too_and_it_is_asked_again_while_the_entry_lives() {
    let platform = Platform::start().await;
    let stand = stand(&platform).await;
    let id = example(&stand, USCC).await;
    grant(&stand, &id, 1, &[1, 4], 900).await;
    nominate(&stand, &id).await;
    let asked = || {
        let mut count = 0;
        platform.set(|held| {
            count = held.asked.iter().filter(|question| question["source"] == "PLEDGE_PLATFORM").count();
        });
        count
    };
    passes(&stand, &id, wire::EntryState::Scored).await;
    until(&stand, async || if asked() == 1 { Ok(()) } else { Err(asked()) }).await;
    stand.ground.clock().advance(TimeDelta::hours(12));
    until(&stand, async || if asked() == 2 { Ok(()) } else { Err(asked()) }).await;
}

#[tokio::test]
async fn a_consent_that_has_ended_leads_back_to_asking_for_one_and_to_no_renewal() {
    let stand = Stand::new().await;
    stand.ground.clock().set(at("2022-09-29T02:00:00Z"));
    let id = example(&stand, USCC).await;
    grant(&stand, &id, 1, &[1, 4], 3).await;
    nominate(&stand, &id).await;
    let scored = reaches(&stand, &id, wire::EntryState::Scored).await;
    let open = publicity(&stand, &scored).await;
    stand
        .ground
        .clock()
        .set(DateTime::from_timestamp(open.publicity_ends_at.unwrap().seconds + 1, 0).unwrap());
    reaches(&stand, &id, wire::EntryState::ConsentPending).await;
    assert!(!standing(&stand, USCC).await.listed);

    grant(&stand, &id, 1, &[1, 4], 200).await;
    let scored = passes(&stand, &id, wire::EntryState::Scored).await;
    let open = publicity(&stand, &scored).await;
    stand
        .ground
        .clock()
        .set(DateTime::from_timestamp(open.publicity_ends_at.unwrap().seconds + 1, 0).unwrap());
    let listed = reaches(&stand, &id, wire::EntryState::Listed).await;
    stand.ground.clock().advance(TimeDelta::days(340));
    let refused = entries(&stand, Duty::Supervisor).renew(command(&listed)).await;
    assert_refused(refused, Code::FailedPrecondition, "ENTRY_WITHOUT_CONSENT", None);
    grant(&stand, &id, 1, &[1, 4], 200).await;
    let renewed = entries(&stand, Duty::Supervisor).renew(command(&listed)).await.unwrap().into_inner();
    let first: NaiveDate = listed.expires_on.parse().unwrap();
    assert_eq!(renewed.expires_on, (first + chrono::Months::new(12)).to_string());
}

/// What a new run says of HX10, which is asked under a consent to credit data alone.
async fn of_default(stand: &Stand, id: &str) -> String {
    let request = wire::StartRunRequest {
        request_id: new_id(),
        as_of: String::new(),
        enterprise_ids: vec![id.to_owned()],
    };
    let run = screening(stand, Duty::Supervisor).start_run(request).await.unwrap().into_inner();
    let asked = wire::ExplainResultRequest { run_id: run.run_id, enterprise_id: id.to_owned() };
    let told = testkit::eventually(LIMIT, async || {
        screening(stand, Duty::Clerk).explain_result(asked.clone()).await
    })
    .await
    .into_inner();
    told.exclusions.iter().find(|line| line.code == "HX10").unwrap().status.clone()
}

#[tokio::test]
async fn a_screening_reads_credit_under_the_same_consents_as_the_asking_of_sources() {
    let platform = Platform::start().await;
    let stand = stand(&platform).await;
    let id = stand.enterprise(USCC).await;
    let recorded = wire::RecordExclusionRequest {
        request_id: new_id(),
        enterprise_id: id.clone(),
        code: "HX10".to_owned(),
        evidence_sha256: vec![7; 32],
    };
    screening(&stand, Duty::Supervisor).record_exclusion(recorded).await.unwrap();
    // Other purposes are none to this.
    for purpose in [3, 4] {
        grant(&stand, &id, purpose, &[3], 900).await;
    }
    assert_eq!(of_default(&stand, &id).await, "NOT_ASKED");
    // The centre is meant by every consent, the one that names a bank too.
    let request = wire::GrantConsentRequest {
        purpose: 2,
        categories: vec![3],
        recipient_institution_ids: vec![new_id()],
        ..consent(&id, stand.now())
    };
    let named = stand.clerk().grant_consent(request).await.unwrap().into_inner().consent.unwrap();
    assert_eq!(of_default(&stand, &id).await, "HIT");
    revoke(&stand, named).await;
    assert_eq!(of_default(&stand, &id).await, "NOT_ASKED");
}
