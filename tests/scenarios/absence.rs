//! A submission succeeds with the broker and every neighbour stopped, and the case goes on when they are back.

use engines::Source;
use proto::intake::v1::CaseState;
use zhirong::simulate::Script;

use crate::support::{LIMIT, town};

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_succeeds_with_each_neighbour_stopped_and_reaches_offers_ready_when_it_is_back() {
    let mut town =
        town(Source::Private, &[Script::Offer, Script::Decline(kernel::DeclineReason::R03)], &[]).await;
    for role in ["catalog", "whitelist", "partner"] {
        town.system.stop_role(role).await.unwrap();
        let case = town.submit().await;
        let now = town.clerk.case(&case.case_id).await.unwrap().header.unwrap();
        assert_ne!(now.state(), CaseState::OffersReady, "{role} is away");
        town.system.start_role(role).await.unwrap();
        town.system.wait_ready(role, LIMIT).await.unwrap();
        town.reaches(&case, CaseState::OffersReady).await;
        assert_eq!(town.offers(&case).await.offers.len(), 3, "after {role} was away");
    }

    town.system.engines().rabbitmq.halt().await.unwrap();
    let case = town.submit().await;
    town.reaches(&case, CaseState::Collecting).await;
    town.system.engines().rabbitmq.resume().await.unwrap();
    town.reaches(&case, CaseState::OffersReady).await;
    assert_eq!(town.offers(&case).await.offers.len(), 3, "after the broker was away");

    // All at once.
    for role in ["catalog", "whitelist", "partner"] {
        town.system.stop_role(role).await.unwrap();
    }
    town.system.engines().rabbitmq.halt().await.unwrap();
    let case = town.submit().await;
    town.system.engines().rabbitmq.resume().await.unwrap();
    for role in ["partner", "catalog", "whitelist"] {
        town.system.start_role(role).await.unwrap();
    }
    town.reaches(&case, CaseState::OffersReady).await;
    assert_eq!(town.offers(&case).await.offers.len(), 3, "after all were away");
    town.stop().await;
}
