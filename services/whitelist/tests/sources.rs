//! Platforms outside, over real HTTP and from a directory: what they tell is kept, what they do not tell is waited for.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::post};
use chrono::TimeDelta;
use kernel::calendar::date_of;
use proto::whitelist::v1 as wire;
use rpc::{Actor, Duty};
use serde_json::{Value, json};
use testkit::eventually;
use tonic::Code;

use crate::support::{OTHER_USCC, Stand, USCC, assert_refused, asset, consent, new_id};

const SOON: Duration = Duration::from_secs(20);
const FRESH: i32 = 6;
const STALE: i32 = 5;
const NO_CONSENT: i32 = 4;
const PENDING: i32 = 3;
const NOT_REQUESTED: i32 = 2;
const NOT_CONNECTED: i32 = 1;

/// How the platform behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Good,
    Broken,
    Malformed,
    Half,
    Slow,
    Huge,
}

/// A platform that tells of every enterprise what it is told to tell.
#[derive(Clone)]
pub(crate) struct Platform {
    url: String,
    held: Arc<Mutex<Held>>,
}

pub(crate) struct Held {
    pub(crate) mood: Mood,
    pub(crate) listings: Value,
    /// The one source that tells of the listings; all of them where none is named.
    pub(crate) told_by: Option<&'static str>,
    pub(crate) pledges: Value,
    /// As of which day it speaks.
    pub(crate) as_of: String,
    pub(crate) asked: Vec<Value>,
}

impl Platform {
    pub(crate) async fn start() -> Self {
        let held = Held {
            mood: Mood::Good,
            listings: json!([]),
            told_by: None,
            pledges: json!([]),
            as_of: "2026-03-01".to_owned(),
            asked: Vec::new(),
        };
        let held = Arc::new(Mutex::new(held));
        let router = Router::new().route("/v1/query", post(answer)).with_state(Arc::clone(&held));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, held }
    }

    pub(crate) fn set(&self, change: impl FnOnce(&mut Held)) {
        change(&mut self.held.lock().unwrap());
    }

    pub(crate) fn asked(&self) -> usize {
        self.held.lock().unwrap().asked.len()
    }
}

async fn answer(State(held): State<Arc<Mutex<Held>>>, Json(question): Json<Value>) -> impl IntoResponse {
    let (mood, reply) = {
        let mut held = held.lock().unwrap();
        held.asked.push(question.clone());
        let mut reply = json!({
            "contract": question["contract"], "source": question["source"], "subject": question["subject"],
            "as_of": held.as_of, "complete": true,
        });
        if question["source"] == "PLEDGE_PLATFORM" {
            reply["pledges"] = held.pledges.clone();
        } else {
            let tells = held.told_by.is_none_or(|only| question["source"] == only);
            reply["listings"] = if tells { held.listings.clone() } else { json!([]) };
            reply["penalties"] = json!([]);
            reply["grade"] = json!("优");
        }
        (held.mood, reply)
    };
    match mood {
        Mood::Good => (StatusCode::OK, reply.to_string()),
        Mood::Broken => (StatusCode::BAD_GATEWAY, "<html>".to_owned()),
        Mood::Malformed => (StatusCode::OK, "<html>系统维护</html>".to_owned()),
        Mood::Half => {
            let text = reply.to_string();
            (StatusCode::OK, text.chars().take(text.chars().count() / 2).collect())
        }
        Mood::Slow => {
            std::future::pending::<()>().await;
            (StatusCode::OK, String::new())
        }
        Mood::Huge => (StatusCode::OK, format!("{reply}{}", " ".repeat(300 * 1024))),
    }
}

pub(crate) async fn stand(platform: &Platform) -> Stand {
    let names = ["CREDIT_CHINA", "CREDIT_HENAN", "CREDIT_JIYUAN", "PLEDGE_PLATFORM"]
        .map(|code| format!("ZHIRONG_WHITELIST_SOURCE_{code}"));
    let mut settings: Vec<(&str, &str)> =
        names.iter().map(|name| (name.as_str(), platform.url.as_str())).collect();
    settings.push(("ZHIRONG_WHITELIST_SOURCE_LIMIT", "1s"));
    settings.push(("ZHIRONG_WHITELIST_SOURCE_RETRY_FIRST", "30s"));
    settings.push(("ZHIRONG_WHITELIST_ROSTER", "1s"));
    let stand = Stand::with(&settings).await;
    stand.ground.clock().set("2026-03-02T02:00:00Z".parse().unwrap());
    stand
}

fn clerk() -> Actor {
    Actor::Staff { id: "staff-clerk".to_owned(), duties: vec![Duty::Clerk] }
}

async fn request(stand: &Stand, id: &str, sources: &[i32]) -> Vec<wire::SourceStatus> {
    let request = wire::RequestSnapshotRequest {
        request_id: new_id(),
        enterprise_id: id.to_owned(),
        sources: sources.to_vec(),
        again: false,
    };
    stand.asker(clerk()).request_snapshot(request).await.unwrap().into_inner().sources
}

async fn get(stand: &Stand, id: &str) -> wire::GetSnapshotsResponse {
    let request = wire::GetSnapshotsRequest { enterprise_id: id.to_owned() };
    stand.asker(clerk()).get_snapshots(request).await.unwrap().into_inner()
}

fn states(sources: &[wire::SourceStatus]) -> Vec<i32> {
    sources.iter().map(|source| source.state).collect()
}

/// Waits until the sources stand like this.
async fn until(stand: &Stand, id: &str, wanted: [i32; 4]) -> wire::GetSnapshotsResponse {
    eventually(SOON, || async {
        let answer = get(stand, id).await;
        if states(&answer.sources) == wanted { Ok(answer) } else { Err(answer.sources) }
    })
    .await
}

async fn until_outcome(stand: &Stand, id: &str, source: usize, outcome: &str) -> wire::SourceStatus {
    eventually(SOON, || async {
        let status = get(stand, id).await.sources.remove(source);
        if status.last_outcome == outcome { Ok(status) } else { Err(status) }
    })
    .await
}

async fn screening_consent(stand: &Stand, id: &str) -> wire::Consent {
    let request = wire::GrantConsentRequest { purpose: 2, categories: vec![3], ..consent(id, stand.now()) };
    stand.clerk().grant_consent(request).await.unwrap().into_inner().consent.unwrap()
}

#[tokio::test]
async fn what_platforms_tell_is_kept_as_it_came_and_told_by_codes() {
    let platform = Platform::start().await;
    let stand = stand(&platform).await;
    let id = stand.enterprise(USCC).await;
    let consent = screening_consent(&stand, &id).await;
    assert_eq!(states(&get(&stand, &id).await.sources), [NOT_REQUESTED; 4]);
    platform.set(|held| {
        held.listings =
            json!([{"list": "ABNORMAL_OPERATION", "since": "2025-01-05", "until": null, "document": "异字1号"}]);
    });
    assert_eq!(states(&request(&stand, &id, &[]).await), [PENDING; 4]);
    let answer = until(&stand, &id, [FRESH; 4]).await;
    assert!(answer.decidable);
    let henan = answer.sources[1].latest.as_ref().unwrap();
    assert_eq!((&henan.exclusions[..], henan.credit_grade.as_str()), (&["HX03".to_owned()][..], "优"));
    assert_eq!((henan.as_of.as_str(), henan.stale, henan.parser_version), ("2026-03-01", false, 1));
    assert_eq!(henan.consent_id, consent.consent_id);
    assert_eq!(answer.sources[0].latest.as_ref().unwrap().consent_id, "", "open to the public");

    let rows: Vec<(Vec<u8>, Vec<u8>)> =
        sqlx::query_as("SELECT raw, sha256 FROM source_snapshot").fetch_all(&stand.pool).await.unwrap();
    assert_eq!(rows.len(), 4);
    for (raw, sha256) in rows {
        assert_eq!(ring::digest::digest(&ring::digest::SHA256, &raw).as_ref(), sha256);
        assert_eq!(serde_json::from_slice::<Value>(&raw).unwrap()["subject"], USCC);
    }
    // Asked again while it is fresh, nobody is asked.
    assert_eq!(states(&request(&stand, &id, &[]).await), [FRESH; 4]);
    assert_eq!(platform.asked(), 4);
}

#[tokio::test]
async fn a_platform_that_fails_in_any_way_delays_the_decision_and_never_decides_it() {
    let platform = Platform::start().await;
    let stand = stand(&platform).await;
    let id = stand.enterprise(USCC).await;
    screening_consent(&stand, &id).await;
    let mut failures = 0;
    for (mood, outcome) in [
        (Mood::Broken, "REFUSED"),
        (Mood::Malformed, "MALFORMED"),
        (Mood::Half, "MALFORMED"),
        (Mood::Slow, "SLOW"),
        (Mood::Huge, "TOO_LONG"),
    ] {
        platform.set(|held| held.mood = mood);
        if failures == 0 {
            request(&stand, &id, &[2]).await;
        }
        failures += 1;
        // Later and later: at the time that it said it would.
        let status = eventually(SOON, || async {
            let status = get(&stand, &id).await.sources.remove(1);
            if status.failures == failures { Ok(status) } else { Err(status) }
        })
        .await;
        assert_eq!((status.state, status.last_outcome.as_str()), (PENDING, outcome));
        assert_eq!(status.latest, None);
        assert!(!get(&stand, &id).await.decidable);
        let wait = status.next_at.unwrap().seconds - stand.now().timestamp();
        assert_eq!(wait, 30 << (failures - 1), "{outcome}");
        stand.ground.clock().advance(TimeDelta::seconds(wait));
    }
    platform.set(|held| held.mood = Mood::Good);
    let status = until_outcome(&stand, &id, 1, "GOOD").await;
    assert_eq!((status.state, status.failures, status.pending_since), (FRESH, 0, None));
    let faults: Vec<Option<String>> =
        sqlx::query_scalar("SELECT fault FROM source_snapshot ORDER BY snapshot_id")
            .fetch_all(&stand.pool)
            .await
            .unwrap();
    let faulty = Some("FORM".to_owned());
    assert_eq!(faults, [faulty.clone(), faulty, None], "replies that say nothing are kept too");
}

#[tokio::test]
async fn a_platform_that_is_not_there_is_waited_for_and_one_that_is_not_connected_is_said_not_to_be() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let stand = Stand::with(&[("ZHIRONG_WHITELIST_SOURCE_CREDIT_CHINA", &url)]).await;
    let id = stand.enterprise(USCC).await;
    screening_consent(&stand, &id).await;
    request(&stand, &id, &[]).await;
    let status = until_outcome(&stand, &id, 0, "UNREACHABLE").await;
    assert_eq!((status.state, status.latest), (PENDING, None));
    let answer = get(&stand, &id).await;
    assert_eq!(states(&answer.sources), [PENDING, NOT_CONNECTED, NOT_CONNECTED, NOT_CONNECTED]);
    assert!(!answer.decidable);
}

#[tokio::test]
async fn with_nothing_connected_nothing_is_decidable() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    screening_consent(&stand, &id).await;
    request(&stand, &id, &[]).await;
    let answer = get(&stand, &id).await;
    assert_eq!((states(&answer.sources), answer.decidable), (vec![NOT_CONNECTED; 4], false));
}

#[tokio::test]
async fn a_stale_answer_is_asked_for_again_by_itself() {
    let platform = Platform::start().await;
    let stand = stand(&platform).await;
    let id = stand.enterprise(USCC).await;
    request(&stand, &id, &[1]).await;
    until_outcome(&stand, &id, 0, "GOOD").await;
    platform.set(|held| held.mood = Mood::Broken);
    stand.ground.clock().advance(TimeDelta::days(30) + TimeDelta::seconds(1));
    let status = until_outcome(&stand, &id, 0, "REFUSED").await;
    assert_eq!(status.state, STALE);
    let latest = status.latest.unwrap();
    assert!(latest.stale && latest.age_seconds > 30 * 86_400, "the old one is still told, as old");
    assert!(!get(&stand, &id).await.decidable);
    platform.set(|held| {
        held.mood = Mood::Good;
        held.as_of = "2026-03-31".to_owned();
    });
    stand.ground.clock().advance(TimeDelta::seconds(30));
    let status = until_outcome(&stand, &id, 0, "GOOD").await;
    assert_eq!((status.state, status.latest.unwrap().as_of.as_str()), (FRESH, "2026-03-31"));
}

#[tokio::test]
async fn credit_is_asked_for_under_a_consent_only_and_a_revoked_one_stops_asking_and_reading_at_once() {
    let platform = Platform::start().await;
    let stand = stand(&platform).await;
    let id = stand.enterprise(USCC).await;
    // A consent to something else is none to this.
    stand.consent(&id).await;
    request(&stand, &id, &[]).await;
    until(&stand, &id, [FRESH, NO_CONSENT, NO_CONSENT, FRESH]).await;
    until_outcome(&stand, &id, 1, "NO_CONSENT").await;
    until_outcome(&stand, &id, 2, "NO_CONSENT").await;
    assert_eq!(platform.asked(), 2, "what is open to the public was asked");

    // A consent wakes what waited for it.
    let given = screening_consent(&stand, &id).await;
    until(&stand, &id, [FRESH; 4]).await;
    assert_eq!(platform.asked(), 4);

    let revoke = wire::RevokeConsentRequest { request_id: new_id(), consent_id: given.consent_id };
    stand.clerk().revoke_consent(revoke).await.unwrap();
    // At once, not within a minute: what was told is not told any more.
    let answer = get(&stand, &id).await;
    assert_eq!(states(&answer.sources), [FRESH, NO_CONSENT, NO_CONSENT, FRESH]);
    assert_eq!(answer.sources[1].latest, None);
    assert!(!answer.decidable);
    // And nobody is asked again, however due it is.
    let again = wire::RequestSnapshotRequest {
        request_id: new_id(),
        enterprise_id: id.clone(),
        sources: vec![2, 3],
        again: true,
    };
    stand.asker(clerk()).request_snapshot(again).await.unwrap();
    until_outcome(&stand, &id, 1, "NO_CONSENT").await;
    until_outcome(&stand, &id, 2, "NO_CONSENT").await;
    assert_eq!(platform.asked(), 4, "asked without a consent");
}

#[tokio::test]
async fn a_consent_that_has_ended_by_itself_stops_the_asking_too() {
    let platform = Platform::start().await;
    let stand = stand(&platform).await;
    let id = stand.enterprise(USCC).await;
    screening_consent(&stand, &id).await;
    request(&stand, &id, &[2]).await;
    until_outcome(&stand, &id, 1, "GOOD").await;
    stand.ground.clock().advance(TimeDelta::days(181));
    until_outcome(&stand, &id, 1, "NO_CONSENT").await;
    assert_eq!(platform.asked(), 1);
}

#[tokio::test]
async fn what_the_pledge_platform_tells_becomes_events_of_the_assets_on_record() {
    let platform = Platform::start().await;
    let stand = stand(&platform).await;
    let id = stand.enterprise(USCC).await;
    let registered = stand.clerk().register_asset(asset(&id)).await.unwrap().into_inner().asset.unwrap();
    platform.set(|held| {
        held.pledges = json!([
            {"number": "ZL202210123456.1", "code": "PE01", "on": "2025-02-01", "reference": "Y2025410000001"},
            {"number": "2022101234561", "code": "PP01", "on": "2025-03-01", "reference": "（2025）豫9001民初1号"},
            {"number": "ZL201710601862.3", "code": "PE01", "on": "2025-02-01", "reference": "Y2025410000002"},
        ]);
    });
    request(&stand, &id, &[4]).await;
    until_outcome(&stand, &id, 3, "GOOD").await;
    let list = wire::ListAssetsRequest { enterprise_id: id.clone(), ..Default::default() };
    let listed = stand.clerk().list_assets(list).await.unwrap().into_inner().assets;
    let codes: Vec<_> = listed[0].legal_events.iter().map(|event| event.code.as_str()).collect();
    assert_eq!(codes, ["PE01", "PP01"]);
    let status = listed[0].status.as_ref().unwrap();
    assert!(status.pledged && status.preserved);
    assert_eq!(listed[0].asset_id, registered.asset_id);
    assert_eq!(get(&stand, &id).await.sources[3].latest.as_ref().unwrap().pledge_events, 3);
}

#[tokio::test]
async fn files_that_are_dropped_are_a_source_like_any_other() {
    let directory = testkit_directory();
    let setting = format!("file:{}", directory.display());
    let stand = Stand::with(&[("ZHIRONG_WHITELIST_SOURCE_CREDIT_CHINA", &setting)]).await;
    let id = stand.enterprise(USCC).await;
    request(&stand, &id, &[1]).await;
    let status = until_outcome(&stand, &id, 0, "ABSENT").await;
    assert_eq!(status.state, PENDING);
    let reply = json!({
        "contract": "zhirong-source/1", "source": "CREDIT_CHINA", "subject": USCC,
        "as_of": date_of(stand.now()).to_string(), "complete": true, "listings": [], "penalties": [],
    });
    std::fs::write(directory.join(format!("{USCC}.json")), reply.to_string()).unwrap();
    stand.ground.clock().advance(TimeDelta::seconds(31));
    let status = until_outcome(&stand, &id, 0, "GOOD").await;
    assert_eq!(status.state, FRESH);

    // Another's file is not followed to, and a file that is too long is not read.
    let other = stand.enterprise(OTHER_USCC).await;
    let place = directory.join(format!("{OTHER_USCC}.json"));
    std::os::unix::fs::symlink(directory.join(format!("{USCC}.json")), &place).unwrap();
    request(&stand, &other, &[1]).await;
    until_outcome(&stand, &other, 0, "ABSENT").await;
    std::fs::remove_file(&place).unwrap();
    std::fs::write(&place, vec![b' '; 300 * 1024]).unwrap();
    stand.ground.clock().advance(TimeDelta::seconds(31));
    until_outcome(&stand, &other, 0, "TOO_LONG").await;
    std::fs::remove_dir_all(&directory).unwrap();
}

fn testkit_directory() -> PathBuf {
    let directory = std::env::temp_dir().join(format!("zhirong-drop-{}", new_id()));
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

#[tokio::test]
async fn questions_that_cannot_be_and_callers_who_may_not_are_refused() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let rows = stand.rows().await;
    let asked = |enterprise_id: &str, sources: &[i32]| wire::RequestSnapshotRequest {
        request_id: new_id(),
        enterprise_id: enterprise_id.to_owned(),
        sources: sources.to_vec(),
        again: false,
    };
    for (request, code, reason, field) in [
        (asked(&new_id(), &[]), Code::NotFound, "NOT_FOUND", "enterprise_id"),
        (asked("x", &[]), Code::InvalidArgument, "UUID_INVALID", "enterprise_id"),
        (asked(&id, &[5]), Code::InvalidArgument, "ENUM_UNKNOWN", "sources[0]"),
        (asked(&id, &[1, 1]), Code::InvalidArgument, "FIELD_REPEATED", "sources[1]"),
    ] {
        assert_refused(stand.asker(clerk()).request_snapshot(request).await, code, reason, Some(field));
    }
    let unknown = wire::GetSnapshotsRequest { enterprise_id: new_id() };
    let answer = stand.asker(clerk()).get_snapshots(unknown).await;
    assert_refused(answer, Code::NotFound, "NOT_FOUND", Some("enterprise_id"));

    let staff = |duty: Duty| Actor::Staff { id: "staff".to_owned(), duties: vec![duty] };
    let bank = Actor::Institution {
        id: kernel::InstitutionId::from_uuid(uuid::Uuid::new_v4()),
        role: kernel::InstitutionRole::Bank,
        person: None,
    };
    let statistics = Actor::Role("statistics".to_owned());
    for outsider in
        [staff(Duty::Operator), staff(Duty::Regulator), staff(Duty::Administrator), statistics, bank]
    {
        let mut asker = stand.asker(outsider);
        let answer = asker.request_snapshot(asked(&id, &[])).await.map(drop);
        assert_refused(answer, Code::PermissionDenied, "PERMISSION_DENIED", None);
        let question = wire::GetSnapshotsRequest { enterprise_id: id.clone() };
        let answer = asker.get_snapshots(question).await.map(drop);
        assert_refused(answer, Code::PermissionDenied, "PERMISSION_DENIED", None);
    }
    assert_eq!(stand.rows().await, rows);
}
