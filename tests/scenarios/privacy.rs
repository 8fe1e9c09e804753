//! What identifies a person or firm reaches no log, whether the case goes well or badly.

use engines::Source;
use proto::intake::v1::CaseState;
use zhirong::simulate::{Script, data};

use crate::support::town;

#[tokio::test(flavor = "multi_thread")]
async fn no_log_names_a_firm_its_code_or_its_amount() {
    let settings = [("ZHIRONG_LOG", "debug,hyper=info,h2=info,sqlx=debug,tower=info")];
    let mut town = town(Source::GivenOrPrivate, &[Script::Offer, Script::AskThenOffer], &settings).await;
    let case = town.submit().await;
    town.reaches(&case, CaseState::OffersReady).await;
    // A refused application is no reason to name its firm either.
    let firm = town.loaded.enterprises[1].clone();
    let mut bad = data::application(&firm, &mut zhirong::simulate::Seed(3).random("bad", ""));
    bad.documents.clear();
    let refused = town.clerk.submit("not-a-uuid".to_owned(), proto::intake::v1::Channel::Api, bad).await;
    assert!(refused.is_err());

    let logs = town.logs();
    assert!(logs.len() > 1_000, "the roles have logged something");
    for secret in [&town.loaded.enterprises[0].uscc, &town.loaded.enterprises[0].name, &firm.uscc, &firm.name]
    {
        let line = logs.lines().find(|line| line.contains(secret.as_str()));
        assert!(line.is_none(), "{line:?}");
    }
    assert!(!logs.contains("300000000"), "the amount");
    town.stop().await;
}
