//! What a bank can learn of a rival: nothing. One observed bank performs the same script through the real gateway twice:
//! once alone in its cases, once with rivals, evaluators, insurers and guarantors in them. Everything that it calls,
//! receives or provokes is written down as it comes over the wire; the two transcripts must not differ, timing aside.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test whose ground is missing has to fail at once")]

mod bank;
mod compare;
mod line;
mod mask;
mod script;
mod shelf;
mod stage;
mod wire;

use std::collections::BTreeSet;

use crate::compare::differences;
use crate::stage::{Company, observe};

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_calls_receives_and_provokes_everything_finds_no_difference_when_it_has_rivals() {
    let alone = observe(Company::Alone).await;
    let among_rivals = observe(Company::Rivals).await;
    assert!(alone.lines.len() > 100, "the bank has seen {} things only", alone.lines.len());
    let found = differences(&alone.lines, &among_rivals.lines);
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));

    // Nothing that a bank can call was left out: a method that is added to its face fails here until it is played.
    let face: BTreeSet<&str> = partner::rpc::INSTITUTIONS.iter().map(|policy| policy.method).collect();
    for seen in [&alone, &among_rivals] {
        assert_eq!(seen.called, face);
    }

    // What a rival's part would look like if it showed, planted: each is found.
    for (what, planted) in compare::planted(&among_rivals.lines) {
        assert!(!differences(&alone.lines, &planted).is_empty(), "{what} was not found");
    }
    // No id that a bank is shown tells when or in which order it was made.
    for seen in [&alone, &among_rivals] {
        assert_eq!(seen.ordered_ids, Vec::<String>::new(), "ids that carry a time or an order");
    }
}
