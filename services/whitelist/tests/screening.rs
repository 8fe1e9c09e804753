//! Runs over the register: pinned, replayed, resumed.

use chrono::TimeDelta;
use kernel::Clock as _;
use proto::whitelist::v1::{self as wire, screening_service_client::ScreeningServiceClient};
use rpc::{Actor, Duty};
use tonic::Code;
use whitelist::{
    ROLE,
    work::{self, Ears},
};

use crate::support::{LIMIT, OTHER_USCC, Stand, USCC, assert_refused, asset, new_id, registration};

pub(crate) type Screening = ScreeningServiceClient<testkit::CallerChannel>;

pub(crate) fn screening(stand: &Stand, duty: Duty) -> Screening {
    let actor = Actor::Staff { id: format!("staff-{}", duty.code()), duties: vec![duty] };
    ScreeningServiceClient::new(stand.ground.channel(&ROLE, actor))
}

async fn run(stand: &Stand, ids: &[&str]) -> wire::Run {
    let request = wire::StartRunRequest {
        request_id: new_id(),
        as_of: String::new(),
        enterprise_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
    };
    let mut client = screening(stand, Duty::Supervisor);
    let run = client.start_run(request).await.unwrap().into_inner();
    testkit::eventually(LIMIT, async || {
        let asked = wire::GetRunRequest { run_id: run.run_id.clone() };
        let run = screening(stand, Duty::Clerk).get_run(asked).await.unwrap().into_inner();
        if run.state == i32::from(wire::RunState::Done) { Ok(run) } else { Err(run) }
    })
    .await
}

/// A firm as in the worked example of domain.md §4.4 as far as the register goes: E1 and E2 are missing (-8.80), nothing
/// was filed lately (A5, -2.00), and its rights last for 115 months on the average (A4, -1.00).
pub(crate) async fn example(stand: &Stand, uscc: &str) -> String {
    let day = kernel::calendar::date_of(stand.now());
    let years = |n: u32| (day - chrono::Months::new(12 * n)).to_string();
    let held = |code, level| wire::QualificationHeld {
        code,
        number: "x".to_owned(),
        valid_from: years(2),
        valid_to: (day + chrono::Months::new(12)).to_string(),
        level,
    };
    let of = |year| wire::AccountsYear {
        year,
        revenue_fen: Some(10_000_000_000),
        rd_spend_fen: Some(300_000_000),
        net_profit_fen: Some(1),
    };
    let profile = wire::EnterpriseProfile {
        staff: Some(100),
        rd_staff: Some(5),
        accounts: Some(wire::Accounts { years: vec![of(2021), of(2020)] }),
        total_assets_fen: Some(10_000),
        total_liabilities_fen: Some(3_000),
        tax_grade: wire::TaxGrade::A.into(),
        platform_link: Some(false),
        ..Default::default()
    };
    let request = wire::RegisterEnterpriseRequest {
        uscc: uscc.to_owned(),
        qualifications: vec![held(9, 0), held(8, 1), held(1, 0)],
        profile: Some(profile),
        ..registration()
    };
    let answer = stand.clerk().register_enterprise(request).await.unwrap().into_inner();
    let id = answer.enterprise.unwrap().enterprise_id;
    // Four inventions with 14 years left, weighted 3, fourteen utility models with 6 and one with 7.
    for n in 0..4 {
        let detail = wire::AssetDetail {
            revenue_share_bp: Some(750),
            citations: Some(3),
            family_size: Some(if n == 0 { 4 } else { 1 }),
            high_value: if n == 0 { vec![1] } else { vec![] },
            ..Default::default()
        };
        let request = wire::RegisterAssetRequest {
            number: patent(2013, 1, n),
            filing_date: years(6),
            grant_date: years(5),
            detail: Some(detail),
            ..asset(&id)
        };
        stand.clerk().register_asset(request).await.unwrap();
    }
    for n in 0..15 {
        let request = wire::RegisterAssetRequest {
            r#type: 2,
            number: patent(2021, 2, n),
            filing_date: years(if n == 0 { 3 } else { 4 }),
            grant_date: years(2),
            ..asset(&id)
        };
        stand.clerk().register_asset(request).await.unwrap();
    }
    for number in ["7199523", "1328994"] {
        let request = wire::RegisterAssetRequest {
            r#type: 4,
            number: number.to_owned(),
            filing_date: String::new(),
            grant_date: years(1),
            ..asset(&id)
        };
        stand.clerk().register_asset(request).await.unwrap();
    }
    id
}

fn patent(year: i32, kind: i32, serial: i32) -> String {
    let digits = format!("{year}{kind}{serial:07}");
    let weights = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
    let sum: u32 =
        digits.chars().zip(weights).map(|(digit, weight)| digit.to_digit(10).unwrap() * weight).sum();
    match sum % 11 {
        10 => format!("{digits}.X"),
        check => format!("{digits}.{check}"),
    }
}

#[tokio::test]
async fn a_run_over_the_register_explains_each_point_and_replays_to_the_byte() {
    let stand = Stand::new().await;
    let good = example(&stand, USCC).await;
    let bare = stand.enterprise(OTHER_USCC).await;
    let whole = run(&stand, &[]).await;
    assert_eq!((whole.screened, whole.scorecard_version, whole.exclusions_version), (2, 1, 1));
    let asked =
        wire::ListResultsRequest { run_id: whole.run_id.clone(), page_size: 1, page_token: String::new() };
    let mut clerk = screening(&stand, Duty::Clerk);
    let first = clerk.list_results(asked.clone()).await.unwrap().into_inner();
    let second = clerk
        .list_results(wire::ListResultsRequest { page_token: first.next_page_token.clone(), ..asked })
        .await
        .unwrap()
        .into_inner();
    let results: Vec<wire::Result> = first.results.into_iter().chain(second.results).collect();
    let of = |id: &str| results.iter().find(|result| result.enterprise_id == id).unwrap();
    let result = of(&good);
    assert_eq!((result.score, result.grade, result.eligible), (6_050, 3, true), "{result:?}");
    assert_eq!(result.not_asked.len(), 11, "no platform is connected on this ground, and that is to be seen");
    assert!(result.exclusions.is_empty() && result.pending.is_empty());
    assert!(!of(&bare).eligible && of(&bare).score < 6_000);

    let asked = wire::ExplainResultRequest { run_id: whole.run_id.clone(), enterprise_id: good.clone() };
    let told = clerk.explain_result(asked).await.unwrap().into_inner();
    assert_eq!(told.lines.iter().map(|line| line.points).sum::<i32>(), 6_050);
    let points: Vec<(&str, i32)> = told.lines.iter().map(|line| (line.code.as_str(), line.points)).collect();
    assert_eq!(
        points,
        [
            ("A1", 960),
            ("A2", 300),
            ("A3", 300),
            ("A4", 350),
            ("A5", 0),
            ("A6", 560),
            ("A7", 300),
            ("A8", 180),
            ("B1", 640),
            ("B2", 200),
            ("B3", 0),
            ("C1", 400),
            ("C2", 200),
            ("C3", 400),
            ("D1", 360),
            ("D2", 400),
            ("D3", 200),
            ("D4", 300),
            ("E1", 0),
            ("E2", 0),
        ]
    );
    for code in ["E1", "E2"] {
        let line = told.lines.iter().find(|line| line.code == code).unwrap();
        assert_eq!((line.input, line.reason.as_str()), (None, "MISSING"));
    }
    assert_eq!(told.exclusions.len(), 15);
    let status = |code: &str| told.exclusions.iter().find(|line| line.code == code).unwrap().status.clone();
    assert_eq!((status("HX01"), status("HX14")), ("NOT_ASKED".to_owned(), "CLEAR".to_owned()));

    // The register goes on; the run stays what it was.
    let request = wire::RegisterAssetRequest { number: patent(2014, 1, 9), ..asset(&good) };
    stand.clerk().register_asset(request).await.unwrap();
    let again =
        clerk.replay_run(wire::ReplayRunRequest { run_id: whole.run_id.clone() }).await.unwrap().into_inner();
    assert!(again.identical && again.digest == whole.digest && again.compared == 2, "{again:?}");
    let later = run(&stand, &[&good]).await;
    assert_eq!(later.screened, 1);
    assert_ne!(later.digest, whole.digest);
}

#[tokio::test]
async fn a_right_that_has_ended_or_is_in_dispute_counts_no_more_and_none_left_is_an_exclusion() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let event = |code: &str, on: &str| wire::LegalEvent {
        code: code.to_owned(),
        on: on.to_owned(),
        reference: String::new(),
    };
    let request = wire::RegisterAssetRequest { legal_events: vec![event("IW", "2023-01-05")], ..asset(&id) };
    stand.clerk().register_asset(request).await.unwrap();
    let look = async || {
        let run = run(&stand, &[&id]).await;
        let asked = wire::ExplainResultRequest { run_id: run.run_id, enterprise_id: id.clone() };
        let told = screening(&stand, Duty::Clerk).explain_result(asked).await.unwrap().into_inner();
        let inventions = told.lines.iter().find(|line| line.code == "A1").unwrap().input;
        (inventions, told.result.unwrap().exclusions)
    };
    assert_eq!(look().await, (Some(0), vec!["HX13".to_owned()]));
    // Pledged and released: nothing wrong with it.
    let request = wire::RegisterAssetRequest {
        number: patent(2014, 1, 7),
        legal_events: vec![event("PE01", "2023-01-05"), event("PC01", "2023-02-05")],
        ..asset(&id)
    };
    stand.clerk().register_asset(request).await.unwrap();
    assert_eq!(look().await, (Some(1), vec![]));
}

#[tokio::test]
async fn an_exclusion_put_on_record_holds_until_it_is_cured() {
    let stand = Stand::new().await;
    let id = example(&stand, USCC).await;
    let mut supervisor = screening(&stand, Duty::Supervisor);
    let form = wire::RecordExclusionRequest {
        request_id: new_id(),
        enterprise_id: id.clone(),
        code: "HX11".to_owned(),
        evidence_sha256: vec![7; 32],
    };
    let recorded = supervisor.record_exclusion(form.clone()).await.unwrap().into_inner();
    let results = async || {
        let run = run(&stand, &[&id]).await;
        let asked = wire::ListResultsRequest { run_id: run.run_id, ..Default::default() };
        screening(&stand, Duty::Clerk).list_results(asked).await.unwrap().into_inner().results
    };
    let found = results().await;
    assert_eq!(
        (found[0].exclusions.clone(), found[0].eligible, found[0].score),
        (vec!["HX11".to_owned()], false, 6_050)
    );
    let cure = wire::CureExclusionRequest {
        request_id: new_id(),
        exclusion_id: recorded.exclusion_id.clone(),
        evidence_sha256: vec![8; 32],
    };
    supervisor.cure_exclusion(cure.clone()).await.unwrap();
    supervisor
        .cure_exclusion(wire::CureExclusionRequest { request_id: new_id(), ..cure.clone() })
        .await
        .unwrap();
    assert!(results().await[0].eligible);
    let wrong =
        wire::RecordExclusionRequest { request_id: new_id(), code: "HX16".to_owned(), ..form.clone() };
    let answer = supervisor.record_exclusion(wrong).await;
    assert_refused(answer, Code::InvalidArgument, "EXCLUSION_UNKNOWN", Some("code"));
    let wrong = wire::RecordExclusionRequest { request_id: new_id(), enterprise_id: new_id(), ..form };
    assert_refused(
        supervisor.record_exclusion(wrong).await,
        Code::NotFound,
        "NOT_FOUND",
        Some("enterprise_id"),
    );
    let wrong = wire::CureExclusionRequest { request_id: new_id(), exclusion_id: new_id(), ..cure };
    assert_refused(supervisor.cure_exclusion(wrong).await, Code::NotFound, "NOT_FOUND", Some("exclusion_id"));
}

#[tokio::test]
async fn a_new_scorecard_is_checked_as_a_whole_holds_from_its_day_and_changes_no_run_before() {
    let stand = Stand::new().await;
    let id = example(&stand, USCC).await;
    let before = run(&stand, &[&id]).await;
    let mut supervisor = screening(&stand, Duty::Supervisor);
    let kind = wire::RulebookKind::Scorecard.into();
    let listed = supervisor.list_rulebooks(wire::ListRulebooksRequest { kind }).await.unwrap().into_inner();
    let text = listed.rulebooks[0].text.replace("listing_at = 60", "listing_at = 61");
    let today = kernel::calendar::date_of(stand.now());
    let form = |text: &str, from: chrono::NaiveDate| wire::RecordRulebookRequest {
        request_id: new_id(),
        kind,
        active_from: from.to_string(),
        text: text.to_owned(),
    };
    let wrong = supervisor.record_rulebook(form(&text.replace("points = 12", "points = 13"), today)).await;
    let faults = rpc::status::metadata(wrong.as_ref().unwrap_err(), "faults").unwrap();
    assert!(faults.contains("sum to 101.00"), "{faults}");
    assert_refused(wrong, Code::InvalidArgument, "RULEBOOK_INVALID", Some("text"));
    let late = supervisor.record_rulebook(form(&text, today - TimeDelta::days(1))).await;
    assert_refused(late, Code::InvalidArgument, "RULEBOOK_BACKDATED", Some("active_from"));

    let tomorrow = today + TimeDelta::days(1);
    let recorded = supervisor.record_rulebook(form(&text, tomorrow)).await.unwrap().into_inner();
    assert_eq!(recorded.version, 2);
    assert_eq!(run(&stand, &[&id]).await.scorecard_version, 1, "not yet");
    stand.ground.clock().advance(TimeDelta::days(1));
    let after = run(&stand, &[&id]).await;
    assert_eq!(after.scorecard_version, 2);
    let asked = wire::ListResultsRequest { run_id: after.run_id, ..Default::default() };
    let results = supervisor.list_results(asked).await.unwrap().into_inner().results;
    assert_eq!((results[0].score, results[0].eligible), (6_050, false), "60.50 is below 61 now");
    let again =
        supervisor.replay_run(wire::ReplayRunRequest { run_id: before.run_id }).await.unwrap().into_inner();
    assert!(again.identical && again.digest == before.digest);
}

#[tokio::test]
async fn exclusion_rules_name_the_parks_that_take_part_and_no_others() {
    let stand =
        Stand::with(&[("ZHIRONG_WHITELIST_PARKS", "JY-GX,JY-HL,JY-YC,JY-SL,JY-WLK,JY-OTH,JY-NEW")]).await;
    let mut supervisor = screening(&stand, Duty::Supervisor);
    let kind = wire::RulebookKind::Exclusions.into();
    let listed = supervisor.list_rulebooks(wire::ListRulebooksRequest { kind }).await.unwrap().into_inner();
    let text = &listed.rulebooks[0].text;
    let form = |text: &str| wire::RecordRulebookRequest {
        request_id: new_id(),
        kind,
        active_from: kernel::calendar::date_of(stand.now()).to_string(),
        text: text.to_owned(),
    };
    let without = supervisor.record_rulebook(form(text)).await;
    let faults = rpc::status::metadata(without.as_ref().unwrap_err(), "faults").unwrap();
    assert!(faults.contains("-JY-NEW"), "{faults}");
    assert_refused(without, Code::InvalidArgument, "RULEBOOK_INVALID", Some("text"));
    let with = text.replace("\"JY-GX\"", "\"JY-NEW\", \"JY-GX\"");
    assert_eq!(supervisor.record_rulebook(form(&with)).await.unwrap().into_inner().version, 2);
}

#[tokio::test]
async fn what_the_register_does_not_say_of_a_patent_is_missing_and_one_that_was_passed_on_counts_no_more() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let event = |code: &str| wire::LegalEvent {
        code: code.to_owned(),
        on: "2023-01-05".to_owned(),
        reference: String::new(),
    };
    let look = async || {
        let run = run(&stand, &[&id]).await;
        let asked = wire::ExplainResultRequest { run_id: run.run_id, enterprise_id: id.clone() };
        let told = screening(&stand, Duty::Clerk).explain_result(asked).await.unwrap().into_inner();
        ["A1", "A3", "A5"].map(|code| told.lines.iter().find(|line| line.code == code).unwrap().input)
    };
    let undated = wire::RegisterAssetRequest { filing_date: String::new(), ..asset(&id) };
    let undated = stand.clerk().register_asset(undated).await.unwrap().into_inner().asset.unwrap();
    assert_eq!(look().await, [Some(1), None, None], "{undated:?}");
    let passed_on = wire::RegisterAssetRequest {
        number: patent(2014, 1, 7),
        legal_events: vec![event("TR01")],
        ..asset(&id)
    };
    stand.clerk().register_asset(passed_on).await.unwrap();
    assert_eq!(look().await[0], Some(1), "sold away");
    let acquired = wire::RegisterAssetRequest {
        number: patent(2014, 1, 8),
        legal_events: vec![event("TR01")],
        detail: Some(wire::AssetDetail { acquired_on: "2023-01-05".to_owned(), ..Default::default() }),
        ..asset(&id)
    };
    stand.clerk().register_asset(acquired).await.unwrap();
    let restored = wire::RegisterAssetRequest {
        number: patent(2014, 1, 9),
        legal_events: vec![event("CF01"), wire::LegalEvent { on: "2023-02-05".to_owned(), ..event("RS01") }],
        ..asset(&id)
    };
    stand.clerk().register_asset(restored).await.unwrap();
    assert_eq!(look().await[0], Some(3), "bought, and restored");
}

/// Enterprises enough for several pieces, written without the service running.
async fn fill(pool: &sqlx::PgPool, count: i32) {
    let statement = "INSERT INTO enterprise (enterprise_id, uscc, name, size, industry, park, region, registered_at)
        SELECT gen_random_uuid(), '91419001MA' || lpad(n::text, 8, '0'), 'x', 'SMALL', 'C3240', 'JY-GX', '419001',
            '2022-01-01' FROM generate_series(1, $1) AS n";
    sqlx::query(statement).bind(count).execute(pool).await.unwrap();
    let statement = "INSERT INTO ip_asset (asset_id, enterprise_id, kind, number, title, filed, granted, registered_at)
        SELECT gen_random_uuid(), enterprise_id, 'INVENTION', n::text, 'x', '2020-01-01', '2021-01-01', '2022-01-01'
        FROM enterprise CROSS JOIN generate_series(1, 3) AS n";
    sqlx::query(statement).execute(pool).await.unwrap();
}

pub(crate) async fn begin(
    pool: &sqlx::PgPool,
    now: chrono::DateTime<chrono::Utc>,
) -> whitelist::domain::ids::RunId {
    use whitelist::domain::{ids::RunId, screening::Run};
    let id = RunId::new(now, &mut rand::rng());
    let run = Run::start(id, kernel::calendar::date_of(now), (1, 1), None, now);
    let mut conn = pool.acquire().await.unwrap();
    whitelist::store::screening_runs::insert(&mut conn, &run).await.unwrap();
    id
}

#[tokio::test]
async fn a_run_whose_worker_dies_in_between_goes_on_to_the_same_digest() {
    let ground = testkit::ground(&[&ROLE]).await;
    let pool = ground.pool(&ROLE);
    fill(&pool, 45).await;
    let (now, ears) = (ground.clock().now(), Ears::none());
    let whole = begin(&pool, now).await;
    while work::runs::step(&pool, &ears, now, 1_000).await.unwrap() {}

    let broken = begin(&pool, now).await;
    assert!(work::runs::step(&pool, &ears, now, 10).await.unwrap());
    // Every other piece is cut off at the points that it waits at, later and later: nothing of it may stay.
    let done = "SELECT count(*) FROM screening_result WHERE run_id = $1";
    let kept =
        async || -> i64 { sqlx::query_scalar(done).bind(broken.uuid()).fetch_one(&pool).await.unwrap() };
    let (mut cuts, mut polls) = (0, 0);
    while polls < 40 {
        let before = kept().await;
        let mut step = Box::pin(work::runs::step(&pool, &ears, now, 10));
        let mut left = polls;
        let cut = std::future::poll_fn(|context| {
            if left == 0 {
                return std::task::Poll::Ready(true);
            }
            left -= 1;
            step.as_mut().poll(context).map(|_| false)
        })
        .await;
        drop(step);
        let after = kept().await;
        assert!(after % 10 == 0 || after == 45, "half a piece is kept: {after}");
        if cut {
            cuts += 1;
            polls += 1;
        } else if after > before {
            // The next piece is cut off from the beginning on.
            polls = 1;
        } else if after == 45 {
            break;
        }
        // Else what was cut off before held the run still, until the database had undone it: the step passed it over.
    }
    assert!(cuts > 3, "the worker was cut off {cuts} times only");
    let state = "SELECT state FROM screening_run WHERE run_id = $1";
    testkit::eventually(crate::support::LIMIT, || async {
        while work::runs::step(&pool, &ears, now, 10).await.unwrap() {}
        let state: String = sqlx::query_scalar(state).bind(broken.uuid()).fetch_one(&pool).await.unwrap();
        if state == "DONE" { Ok(()) } else { Err(state) }
    })
    .await;
    let runs: Vec<(String, i64, Vec<u8>)> =
        sqlx::query_as("SELECT state, screened, digest FROM screening_run WHERE run_id = ANY ($1)")
            .bind(vec![whole.uuid(), broken.uuid()])
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(runs[0], runs[1]);
    assert_eq!((runs[0].0.as_str(), runs[0].1), ("DONE", 45));
}

#[tokio::test]
async fn a_run_that_began_before_a_consent_ended_reads_nothing_under_it_any_more() {
    let ground = testkit::ground(&[&ROLE]).await;
    let pool = ground.pool(&ROLE);
    fill(&pool, 1).await;
    let began = ground.clock().now();
    let consent = "INSERT INTO consent (consent_id, enterprise_id, purpose, categories, recipients, signed_at, valid_to,
            text_sha256, evidence_sha256, granted_at)
        SELECT gen_random_uuid(), enterprise_id, 'CREDIT_SCREENING', '{CREDIT}', '{}', $1 - interval '1 day',
            $1 + interval '1 day', sha256('a'), sha256('b'), $1 FROM enterprise";
    sqlx::query(consent).bind(began).execute(&pool).await.unwrap();
    let read_under = async |id: whitelist::domain::ids::RunId, now| -> bool {
        while work::runs::step(&pool, &Ears::none(), now, 10).await.unwrap() {}
        let read = "SELECT credit_consent FROM screening_result WHERE run_id = $1";
        sqlx::query_scalar(read).bind(id.uuid()).fetch_one(&pool).await.unwrap()
    };
    let (early, late, revoked) =
        (begin(&pool, began).await, began + TimeDelta::hours(25), began + TimeDelta::minutes(2));
    assert!(read_under(early, began).await);
    let expired = begin(&pool, began).await;
    assert!(!read_under(expired, late).await, "it has ended by itself");
    sqlx::query("UPDATE consent SET revoked_at = $1").bind(revoked).execute(&pool).await.unwrap();
    let queued = begin(&pool, began).await;
    assert!(!read_under(queued, revoked + TimeDelta::seconds(1)).await, "it was taken back");
}

#[tokio::test]
async fn the_schema_lets_no_exclusion_be_eligible_or_listed_and_nothing_of_a_run_be_changed() {
    let ground = testkit::ground(&[&ROLE]).await;
    let (pool, owner) = (ground.pool(&ROLE), ground.owner_pool(&ROLE));
    fill(&pool, 1).await;
    let now = ground.clock().now();
    begin(&pool, now).await;
    while work::runs::step(&pool, &Ears::none(), now, 10).await.unwrap() {}
    for (row, constraint) in [
        (
            "INSERT INTO screening_result SELECT gen_random_uuid(), enterprise_id, enterprise_version, features, findings,
                unheard, unasked, credit_consent, assets, usable, industry, region, park, snapshots, score, grade, 2,
                not_asked, pending, true FROM screening_result",
            "screening_result_exclusion_wins",
        ),
        (
            "INSERT INTO entry (entry_id, enterprise_id, source_level, state, version, run_id, score, grade, hits, waiting,
                listed_on, expires_on, updated_at) SELECT gen_random_uuid(), enterprise_id, 'ZONE', 'LISTED', 1, run_id,
                7230, 'B', 2, false, '2022-10-12', '2023-10-11', now() FROM screening_result",
            "entry_listing_deserved",
        ),
        (
            "INSERT INTO entry (entry_id, enterprise_id, source_level, state, version, hits, waiting, updated_at)
                SELECT gen_random_uuid(), enterprise_id, 'ZONE', 'REJECTED', 1, 0, false, now() FROM screening_result",
            "entry_why_of_ended",
        ),
    ] {
        let error = sqlx::query(row).execute(&pool).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().constraint(), Some(constraint), "{row}");
    }
    for table in ["rulebook", "screening_result", "entry_event", "list_version", "list_change"] {
        let change = format!("TRUNCATE {table} CASCADE");
        let error = sqlx::query(sqlx::AssertSqlSafe(change)).execute(&owner).await.unwrap_err();
        let refused = error.as_database_error().unwrap().constraint().unwrap().to_owned();
        assert!(refused.ends_with("_append_only"), "{table}: {refused}");
    }
}
