//! The whitelist beside the stand-in of the platforms outside: real HTTP, and what it comes to for a decision.

use std::time::Duration;

use kernel::calendar::date_of;
use kernel::{Clock as _, Uscc};
use proto::whitelist::v1::{
    self as wire, source_service_client::SourceServiceClient,
    whitelist_service_client::WhitelistServiceClient,
};
use rpc::{Actor, Duty};
use serde_json::json;
use testkit::{Ground, Served, eventually, ground};
use tokio::net::TcpListener;
use whitelist::domain::source::SourceCode;
use zhirong::standin::sources::{Facts, Manner, Platforms, serve};

const SOON: Duration = Duration::from_secs(30);
const FRESH: i32 = 6;
const PENDING: i32 = 3;

struct Stand {
    ground: Ground,
    platforms: Platforms,
    _served: Served,
}

impl Stand {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let platforms = Platforms::default();
        tokio::spawn(serve(listener, platforms.clone()));
        let ground = ground(&[&whitelist::ROLE]).await;
        let names = SourceCode::ALL.map(|code| format!("ZHIRONG_WHITELIST_SOURCE_{}", code.code()));
        let mut settings: Vec<(&str, &str)> =
            names.iter().map(|name| (name.as_str(), url.as_str())).collect();
        settings.push(("ZHIRONG_WHITELIST_SOURCE_LIMIT", "1s"));
        settings.push(("ZHIRONG_WHITELIST_SOURCE_RETRY_FIRST", "100ms"));
        settings.push(("ZHIRONG_WHITELIST_SOURCE_RETRY_MOST", "200ms"));
        let served = ground.serve(&whitelist::ROLE, &settings).await;
        Self { ground, platforms, _served: served }
    }

    fn actor() -> Actor {
        Actor::Staff { id: "clerk".to_owned(), duties: vec![Duty::Clerk] }
    }

    async fn enterprise(&self, uscc: &str) -> String {
        let mut clerk = WhitelistServiceClient::new(self.ground.channel(&whitelist::ROLE, Self::actor()));
        let request = wire::RegisterEnterpriseRequest {
            request_id: uuid::Uuid::new_v4().to_string(),
            uscc: uscc.to_owned(),
            name: "济源市沁铅新材料有限公司".to_owned(),
            size: 3,
            industry: "C3240".to_owned(),
            park: "JY-GX".to_owned(),
            region: "419001".to_owned(),
            ..Default::default()
        };
        let registered = clerk.register_enterprise(request).await.unwrap().into_inner();
        let id = registered.enterprise.unwrap().enterprise_id;
        let now = self.ground.clock().now().timestamp();
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let consent = wire::GrantConsentRequest {
            request_id: uuid::Uuid::new_v4().to_string(),
            enterprise_id: id.clone(),
            purpose: wire::ConsentPurpose::CreditScreening.into(),
            categories: vec![wire::DataCategory::Credit.into()],
            signed_at: at(now - 60),
            valid_to: at(now + 86_400),
            text_sha256: vec![1; 32],
            evidence_sha256: vec![2; 32],
            ..Default::default()
        };
        clerk.grant_consent(consent).await.unwrap();
        id
    }

    async fn ask(&self, id: &str) {
        let mut clerk = SourceServiceClient::new(self.ground.channel(&whitelist::ROLE, Self::actor()));
        let request = wire::RequestSnapshotRequest {
            request_id: uuid::Uuid::new_v4().to_string(),
            enterprise_id: id.to_owned(),
            ..Default::default()
        };
        clerk.request_snapshot(request).await.unwrap();
    }

    async fn get(&self, id: &str) -> wire::GetSnapshotsResponse {
        let mut clerk = SourceServiceClient::new(self.ground.channel(&whitelist::ROLE, Self::actor()));
        let request = wire::GetSnapshotsRequest { enterprise_id: id.to_owned() };
        clerk.get_snapshots(request).await.unwrap().into_inner()
    }

    async fn decidable(&self, id: &str) -> wire::GetSnapshotsResponse {
        eventually(SOON, || async {
            let answer = self.get(id).await;
            if answer.decidable { Ok(answer) } else { Err(answer) }
        })
        .await
    }
}

#[tokio::test]
async fn the_stand_in_tells_what_it_is_told_to_and_the_register_keeps_it() {
    let stand = Stand::new().await;
    let uscc = "91419001MA9ABC128H";
    let on = date_of(stand.ground.clock().now()).to_string();
    let listed = json!([{"list": "TAX_SERIOUS", "since": on, "until": null, "document": "演示"}]);
    let facts = Facts { listings: Some(listed), grade: Some(json!("中")), ..Facts::default() };
    stand.platforms.know(uscc, facts);
    let id = stand.enterprise(uscc).await;
    stand.ask(&id).await;
    let answer = stand.decidable(&id).await;
    assert!(answer.sources.iter().all(|source| source.state == FRESH));
    for source in &answer.sources[..3] {
        assert_eq!(source.latest.as_ref().unwrap().exclusions, ["HX04"]);
    }
    assert_eq!(answer.sources[2].latest.as_ref().unwrap().credit_grade, "中");
    for code in SourceCode::ALL {
        assert_eq!(stand.platforms.asked(code), 1, "{code:?}");
    }
}

#[tokio::test]
async fn one_platform_that_fails_in_turn_in_every_way_delays_the_decision_until_it_answers() {
    let stand = Stand::new().await;
    let code = SourceCode::CreditHenan;
    stand.platforms.behave(code, Manner::Down);
    let firm = Uscc::complete("91419001", "MA000042").unwrap();
    let id = stand.enterprise(firm.as_str()).await;
    stand.ask(&id).await;
    for (manner, outcome) in [
        (Manner::Down, "REFUSED"),
        (Manner::Garbled, "MALFORMED"),
        (Manner::Cut, "MALFORMED"),
        (Manner::Incomplete, "MALFORMED"),
        (Manner::Slow, "SLOW"),
    ] {
        stand.platforms.behave(code, manner);
        let before = stand.platforms.asked(code);
        let seen = eventually(SOON, || async {
            let answer = stand.get(&id).await;
            let asked = stand.platforms.asked(code) > before;
            if asked && answer.sources[1].last_outcome == outcome { Ok(answer) } else { Err(answer) }
        })
        .await;
        assert!(!seen.decidable);
        assert_eq!((seen.sources[1].state, &seen.sources[1].latest), (PENDING, &None), "{outcome}");
    }
    stand.platforms.behave(code, Manner::Good);
    let answer = stand.decidable(&id).await;
    assert!(answer.sources[1].latest.is_some());
}
