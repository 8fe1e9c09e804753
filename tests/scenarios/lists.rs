//! The zone's list on its way to the banks, and their note of it on its way back, while whitelist and partner are killed.

use proto::partner::v1::WhitelistChange::{Added, Removed, Unspecified as Standing};
use testkit::eventually;

use crate::listed::{Bank, Zone};
use crate::support::LIMIT;

/// Messages about lists that whitelist owes.
const OWED: &str = "SELECT count(*) FROM whitelist.outbox WHERE kind = 'whitelist.list-published.v1'";
/// Banks that whitelist has set out to tell, over all versions.
const SET_OUT: &str = "SELECT count(*) FROM whitelist.list_delivery";
/// Banks that partner knows of, over all versions.
const ARRIVED: &str = "SELECT count(*) FROM partner.list_told";
const EVENTS: &str = "SELECT count(*) FROM partner.event WHERE kind = 10";
const WAITING: &str = "SELECT count(*) FROM partner.feed";
const HELD: &str = "SELECT (SELECT count(*) FROM whitelist.held) + (SELECT count(*) FROM partner.held)";

#[tokio::test(flavor = "multi_thread")]
async fn every_bank_sees_each_version_of_the_list_once_and_in_order_whoever_is_killed_on_the_way() {
    let mut zone = Zone::start().await;
    let (mut prompt, mut slow) = (zone.bank("济水村镇银行").await, zone.bank("王屋银行济源分行").await);
    let (leaving, staying) = (zone.listed(1).await, zone.listed(2).await);

    // The first version is written down, and so is who is to be told of it, but nothing can leave: whitelist dies.
    zone.system.engines().rabbitmq.halt().await.unwrap();
    let first = zone.publish().await;
    assert_eq!((first.version, first.items, first.added), (1, 2, 2));
    eventually(LIMIT, async || zone.count(OWED).await == 1).await;
    zone.system.kill_role("whitelist", true).await.unwrap();
    assert_eq!((zone.count(OWED).await, zone.count(ARRIVED).await), (1, 0), "killed before delivery");
    zone.system.engines().rabbitmq.resume().await.unwrap();
    zone.system.wait_ready("whitelist", LIMIT).await.unwrap();

    let mut whole = vec![
        (leaving.uscc.clone(), Standing, leaving.grade),
        (staying.uscc.clone(), Standing, staying.grade),
    ];
    whole.sort();
    let (note, version) = prompt.pulls().await;
    assert_eq!((version, prompt.reads(1, 0).await), (1, whole.clone()));
    prompt.takes_note(1).await;
    prompt.done_with(&note).await;
    // The other bank has it in hand for long, reads it, and says nothing.
    let (in_hand, version) = slow.pulls().await;
    assert_eq!((version, slow.reads(1, 0).await), (1, whole.clone()));
    noted(&zone, [(&prompt, 1, true), (&slow, 1, false)]).await;

    // One comes, and one leaves: the second version is published without anybody asking. Partner takes it off the broker
    // and dies before it has written it down.
    let coming = zone.listed(3).await;
    zone.system.freeze_role("partner").unwrap();
    zone.exclude(&leaving).await;
    let second = zone.version(2).await;
    assert_eq!((second.items, second.added, second.removed, second.changed), (2, 1, 1, 0));
    eventually(LIMIT, async || zone.count(SET_OUT).await == 4 && zone.count(OWED).await == 0).await;
    assert_eq!(zone.count(ARRIVED).await, 2, "the broker has it, partner has not");
    zone.system.kill_role("partner", true).await.unwrap();
    zone.system.wait_ready("partner", LIMIT).await.unwrap();

    let mut delta =
        vec![(leaving.uscc.clone(), Removed, leaving.grade), (coming.uscc.clone(), Added, coming.grade)];
    delta.sort();
    let mut rest =
        vec![(staying.uscc.clone(), Standing, staying.grade), (coming.uscc.clone(), Standing, coming.grade)];
    rest.sort();
    eventually(LIMIT, async || zone.count(ARRIVED).await == 4).await;
    let (note, version) = prompt.pulls().await;
    assert_eq!((version, prompt.reads(2, 1).await), (2, delta.clone()));
    prompt.takes_note(2).await;
    prompt.done_with(&note).await;
    // What is in hand still outlived the gateway: the second version waits behind it.
    slow.done_with(&in_hand).await;
    let (note, version) = slow.pulls().await;
    assert_eq!((version, slow.reads(2, 1).await), (2, delta));
    slow.done_with(&note).await;
    assert_eq!(slow.reads(2, 0).await, rest);
    assert_eq!(slow.reads(1, 0).await, whole, "a version stays what it was");

    noted(&zone, [(&prompt, 2, true), (&slow, 2, false)]).await;
    for bank in [&prompt, &slow] {
        let seen: Vec<(i64, i32)> = bank.seen.iter().map(|(_, version, time)| (*version, *time)).collect();
        assert_eq!(seen, [(1, 1), (2, 1)], "each version once, in order, at the first delivery");
    }
    assert_eq!((zone.count(EVENTS).await, zone.count(WAITING).await), (4, 0), "and there is nothing besides");
    assert_eq!((zone.count(SET_OUT).await, zone.count(OWED).await, zone.count(HELD).await), (4, 0, 0));
    for role in ["whitelist", "partner"] {
        assert_eq!(zone.system.restarts(role).unwrap(), 1, "{role} was killed once and came back by itself");
    }
    zone.stop().await;
}

/// Waits until whitelist tells of exactly these banks: the latest version of each, and whether it has taken note.
async fn noted(zone: &Zone, banks: [(&Bank, i64, bool); 2]) {
    let mut wanted = banks.map(|(bank, version, has)| (bank.id.to_string(), version, has)).to_vec();
    wanted.sort();
    eventually(LIMIT, async || {
        let mut noted = zone.noted().await;
        noted.sort();
        if noted == wanted { Ok(()) } else { Err(noted) }
    })
    .await;
}
