//! Hundreds of cases of all kinds while roles, PostgreSQL and RabbitMQ are killed at random moments and come back, and
//! what must hold at the end: `./dev faults`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test whose ground is missing has to fail at once")]
#![expect(clippy::print_stdout, reason = "the seed, the progress and the table of faults are for people")]

mod answers;
mod calls;
mod cases;
mod chaos;
mod checks;
mod cover;
mod driver;
mod figures;
mod ground;
mod invariants;
mod plan;
mod planted;
mod rest;
mod tally;
mod window;
mod witness;

use std::time::Instant;

use crate::ground::{Ground, Measure};

/// One whole run: cases, faults, rest, and the books.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_left_hanging_whatever_is_killed() {
    let measure = Measure::from_environment();
    println!("seed {} · {} cases · about {} s", measure.seed.0, measure.cases, measure.time.as_secs());
    let mut ground = Ground::start(measure).await;
    println!("{} the system is up", ground.clock());

    let begun = Instant::now();
    let running = cases::start(&ground);
    let fired = chaos::rage(&mut ground, &running).await;
    println!("{} all faults have fired; waiting for the cases", ground.clock());
    running.finish(begun).await;
    rest::caught_up(&ground).await;
    println!("{} all cases are through; some more, to see that nothing broke for good", ground.clock());
    let calm = cases::start_calm(&ground);
    calm.finish(Instant::now()).await;
    println!("{} waiting for rest", ground.clock());
    let restless = rest::wait(&ground).await;

    chaos::print(&fired);
    running.print();
    let mut found: Vec<String> = running.complaints();
    found.extend(calm.complaints());
    found.extend(calm.unapproved());
    found.extend(restless);
    found.extend(chaos::unfired(&fired));
    found.extend(running.unseen());
    found.extend(checks::all(&ground).await);
    found.extend(ground.crowd.ledger().faults().into_iter().map(|fault| format!("institution: {fault}")));
    // The checks themselves are held to planted violations in these very books.
    found.extend(planted::unfound(&ground).await);
    let seed = measure.seed.0;
    ground.stop(found.is_empty()).await;
    assert!(found.is_empty(), "seed {seed}: {} violations:\n{}", found.len(), found.join("\n"));
}
