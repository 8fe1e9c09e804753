//! Roles killed in the middle of a fan-out: every offer counts once, and none is lost.

use engines::Source;
use proto::intake::v1::CaseState;
use zhirong::simulate::{Content, Fate, Script};

use crate::support::town;

#[tokio::test(flavor = "multi_thread")]
async fn roles_killed_while_banks_answer_lose_and_repeat_nothing() {
    let mut town =
        town(Source::GivenOrPrivate, &[Script::AskThenOffer, Script::OfferTwice, Script::Offer], &[]).await;
    let case = town.submit().await;
    town.reaches(&case, CaseState::Collecting).await;
    for role in ["intake", "partner", "intake"] {
        town.system.kill_role(role, true).await.unwrap();
        town.system.wait_ready(role, crate::support::LIMIT).await.unwrap();
    }
    assert_eq!(town.system.restarts("intake").unwrap(), 2);
    assert_eq!(town.system.restarts("partner").unwrap(), 1);
    town.reaches(&case, CaseState::OffersReady).await;
    let offers = town.offers(&case).await;
    assert_eq!(offers.offers.len(), 6);
    assert!(offers.late_offers.is_empty());
    for view in &offers.offers {
        let sent = town.crowd.ledger().records().into_iter().filter(|record| {
            record.institution.to_string() == view.institution_id && record.fate != Some(Fate::Superseded)
        });
        let newest = sent
            .filter_map(|record| match record.content {
                Content::Offer { offer, .. } => Some(offer),
                Content::Decline(_) | Content::Question => None,
            })
            .max_by_key(|offer| offer.offer_seq);
        assert_eq!(view.offer, newest);
    }
    assert_eq!(town.crowd.ledger().faults(), Vec::<String>::new());
    town.stop().await;
}
