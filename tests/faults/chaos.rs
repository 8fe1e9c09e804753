//! The faults: processes killed (SIGKILL) and frozen (SIGSTOP) at random moments, each with the evidence that it fired,
//! and how long the system took to come back.

use std::time::{Duration, Instant};

use host::probe;
use rand::Rng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use zhirong::roles;

use crate::cases::Running;
use crate::ground::{Ground, clock};
use crate::window;

/// How long a role may take to be ready again, on a busy machine.
const READY: Duration = Duration::from_secs(90);
const ASK: Duration = Duration::from_secs(2);
/// How long a fault waits for a case to be in flight.
const WORK: Duration = Duration::from_secs(30);
/// Cases of which somebody outside is being asked something at this moment.
const OPEN: &str = "SELECT count(*) FROM intake.financing_case WHERE state IN ('SUBMITTED','ACCEPTED','COLLECTING','OFFERS_READY','SELECTED')";
/// Each is killed at least once; the desk while a clerk is at work there.
const ROLES: [&str; 7] = ["whitelist", "catalog", "intake", "insurance", "statistics", "partner", DESK];
const DESK: &str = "desk";
/// Those with leaders and leases: a frozen one must not lose its work, nor do it twice.
const FROZEN: [&str; 3] = ["intake", "partner", "insurance"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    KillRole(&'static str),
    /// Killed, and down for a while before it is started again.
    KillRoleForAWhile(&'static str),
    FreezeRole(&'static str),
    KillPostgres,
    KillBroker,
}

/// A fault that was meant to fire, and what came of it.
#[derive(Debug)]
pub(crate) struct Fired {
    fault: Fault,
    at: Duration,
    in_flight: usize,
    open: i64,
    recovery: Duration,
    /// What speaks against it, empty if it fired and the system came back.
    trouble: Vec<String>,
}

impl Fault {
    /// Every kind of fault, those of each role.
    fn every() -> Vec<Self> {
        let kills = ROLES.into_iter().map(Self::KillRole);
        let frozen = FROZEN.into_iter().map(Self::FreezeRole);
        let whiles = ["intake", "partner"].into_iter().map(Self::KillRoleForAWhile);
        kills.chain(frozen).chain(whiles).chain([Self::KillPostgres, Self::KillBroker]).collect()
    }

    /// Any of them, the engines and the roles with most work more often.
    fn any(random: &mut StdRng) -> Self {
        let every = Self::every();
        match random.random_range(0..10_u32) {
            0 => Self::KillPostgres,
            1 => Self::KillBroker,
            2 | 3 => Self::KillRole("intake"),
            4 | 5 => Self::KillRole("partner"),
            _ => every[random.random_range(0..every.len())],
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::KillRole(role) => write!(f, "kill -9 {role}"),
            Self::KillRoleForAWhile(role) => write!(f, "kill -9 {role}, kept down"),
            Self::FreezeRole(role) => write!(f, "freeze {role}"),
            Self::KillPostgres => f.write_str("kill -9 PostgreSQL"),
            Self::KillBroker => f.write_str("kill -9 RabbitMQ"),
        }
    }
}

/// Fires every kind of fault once, in an order and at moments that follow from the seed, and more of them while there is
/// time.
pub(crate) async fn rage(ground: &mut Ground, running: &Running) -> Vec<Fired> {
    let mut random = ground.measure.seed.random("chaos", "");
    let mut queue = Fault::every();
    queue.shuffle(&mut random);
    let until = Instant::now() + ground.measure.time;
    let mut fired = Vec::new();
    loop {
        let fault = match queue.pop() {
            Some(fault) => fault,
            None if Instant::now() < until => Fault::any(&mut random),
            None => return fired,
        };
        tokio::time::sleep(Duration::from_millis(random.random_range(100..1500))).await;
        let waited = Instant::now();
        while running.tally.in_flight() == 0 && waited.elapsed() < WORK {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let outage = Duration::from_millis(random.random_range(0..2500));
        let one = fire(ground, running, fault, outage).await;
        println!(
            "{} {:<28} back after {:>5.1} s, {} cases in flight{}",
            clock(ground.begun()),
            one.fault.to_string(),
            one.recovery.as_secs_f64(),
            one.in_flight,
            if one.trouble.is_empty() { "" } else { "  !" }
        );
        fired.push(one);
    }
}

async fn fire(ground: &mut Ground, running: &Running, fault: Fault, outage: Duration) -> Fired {
    let at = ground.begun().elapsed();
    let open: i64 = sqlx::query_scalar(OPEN).fetch_one(&ground.books).await.unwrap_or_default();
    let in_flight = running.tally.in_flight();
    let begun = Instant::now();
    let mut trouble = match fault {
        Fault::KillRole(DESK) => window::kill_under_the_clerk(ground).await,
        Fault::KillRole(role) => kill(ground, role).await,
        Fault::KillRoleForAWhile(role) => kill_for_a_while(ground, role, outage).await,
        Fault::FreezeRole(role) => freeze(ground, role, Duration::from_secs(1) + outage * 2).await,
        Fault::KillPostgres => kill_postgres(ground, outage).await,
        Fault::KillBroker => kill_broker(ground, outage).await,
    };
    for role in roles::ALL {
        let left = READY.saturating_sub(begun.elapsed());
        if let Err(error) = ground.system.wait_ready(role.name, left).await {
            trouble.push(format!("{error:#}"));
        }
    }
    if in_flight == 0 || open == 0 {
        trouble.push(format!("no work was in flight: {in_flight} drivers, {open} open cases"));
    }
    Fired { fault, at, in_flight, open, recovery: begun.elapsed(), trouble }
}

pub(crate) async fn kill(ground: &mut Ground, role: &'static str) -> Vec<String> {
    let (pid, restarts) = (ground.system.pid(role).unwrap(), ground.system.restarts(role).unwrap());
    ground.system.kill_role(role, true).await.unwrap();
    let mut trouble = Vec::new();
    if ground.system.restarts(role).unwrap() <= restarts {
        trouble.push(format!("{role} was not started again"));
    }
    match (pid, ground.system.pid(role).unwrap()) {
        (Some(before), Some(now)) if before != now => {}
        (before, now) => trouble.push(format!("{role} was {before:?} and is {now:?}")),
    }
    trouble
}

async fn kill_for_a_while(ground: &mut Ground, role: &'static str, outage: Duration) -> Vec<String> {
    let pid = ground.system.pid(role).unwrap();
    ground.system.kill_role(role, false).await.unwrap();
    let mut trouble = Vec::new();
    if pid.is_none() || ground.system.pid(role).unwrap().is_some() {
        trouble.push(format!("{role} was {pid:?} and is still there"));
    }
    let admin = ground.system.place(role).unwrap().admin_url.clone();
    if probe::ready(&admin, ASK).await.is_ok() {
        trouble.push(format!("{role} is dead and says that it is ready"));
    }
    tokio::time::sleep(outage).await;
    ground.system.start_role(role).await.unwrap();
    trouble
}

async fn freeze(ground: &mut Ground, role: &'static str, time: Duration) -> Vec<String> {
    let (pid, restarts) = (ground.system.pid(role).unwrap(), ground.system.restarts(role).unwrap());
    let mut trouble = Vec::new();
    ground.system.freeze_role(role).unwrap();
    // A stop is not at once for a process of many threads.
    let begun = Instant::now();
    while state_of(pid) != Some('T') && begun.elapsed() < ASK {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    if state_of(pid) != Some('T') {
        trouble.push(format!("{role} did not stop: {:?}", state_of(pid)));
    }
    tokio::time::sleep(time).await;
    if state_of(pid) != Some('T') {
        trouble.push(format!("{role} did not stay stopped: {:?}", state_of(pid)));
    }
    ground.system.thaw_role(role).unwrap();
    if ground.system.pid(role).unwrap() != pid || ground.system.restarts(role).unwrap() != restarts {
        trouble.push(format!("{role} was started anew although it had only hung"));
    }
    trouble
}

/// The state of a process in `/proc` (proc(5)): the letter after the name in brackets.
fn state_of(pid: Option<u32>) -> Option<char> {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", pid?)).ok()?;
    text.rsplit_once(") ")?.1.chars().next()
}

fn is_gone(pid: Option<i32>) -> bool {
    let state = pid.and_then(|pid| u32::try_from(pid).ok()).and_then(|pid| state_of(Some(pid)));
    pid.is_some() && matches!(state, None | Some('Z'))
}

async fn kill_postgres(ground: &mut Ground, outage: Duration) -> Vec<String> {
    let pid = ground.system.engines().postgres.pid();
    ground.system.engines().postgres.kill9().await.unwrap();
    let mut trouble = Vec::new();
    if !is_gone(pid) {
        trouble.push(format!("the postmaster {pid:?} lives"));
    }
    if let Some(role) = still_ready(ground).await {
        trouble.push(format!("{role} says that it is ready without a database"));
    }
    tokio::time::sleep(outage).await;
    ground.system.engines().postgres.resume().await.unwrap();
    trouble
}

async fn kill_broker(ground: &mut Ground, outage: Duration) -> Vec<String> {
    let pid = ground.system.engines().rabbitmq.pid();
    ground.system.engines().rabbitmq.kill9().await.unwrap();
    let mut trouble = Vec::new();
    if !is_gone(pid) {
        trouble.push(format!("the node {pid:?} lives"));
    }
    tokio::time::sleep(outage).await;
    ground.system.engines().rabbitmq.resume().await.unwrap();
    trouble
}

/// A role that keeps calling itself ready while the database is gone; each gets a moment to notice.
async fn still_ready(ground: &Ground) -> Option<&'static str> {
    let place = ground.system.place("intake").unwrap();
    let begun = Instant::now();
    while begun.elapsed() < READY / 6 {
        if probe::ready(&place.admin_url, ASK).await.is_err() {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Some("intake")
}

/// Faults that did not fire, found no work, or from which the system did not come back.
pub(crate) fn unfired(fired: &[Fired]) -> Vec<String> {
    let mut found = Vec::new();
    for fault in Fault::every() {
        if !fired.iter().any(|one| one.fault == fault) {
            found.push(format!("{fault} never fired"));
        }
    }
    for one in fired {
        found.extend(one.trouble.iter().map(|trouble| format!("{}: {trouble}", one.fault)));
    }
    found
}

/// The table of faults for people.
pub(crate) fn print(fired: &[Fired]) {
    println!(
        "\n{:<28} {:>5} {:>9} {:>9} {:>11} {:>11}",
        "fault", "fired", "in flight", "open", "back (most)", "back (mean)"
    );
    let mut names: Vec<String> = fired.iter().map(|one| one.fault.to_string()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let of: Vec<&Fired> = fired.iter().filter(|one| one.fault.to_string() == name).collect();
        let seconds: Vec<f64> = of.iter().map(|one| one.recovery.as_secs_f64()).collect();
        let most = seconds.iter().copied().fold(0.0, f64::max);
        let mean = seconds.iter().sum::<f64>() / f64::from(u32::try_from(of.len()).unwrap_or(1));
        let flight = of.iter().map(|one| one.in_flight).max().unwrap_or_default();
        let open = of.iter().map(|one| one.open).max().unwrap_or_default();
        println!("{name:<28} {:>5} {flight:>9} {open:>9} {most:>9.1} s {mean:>9.1} s", of.len());
    }
    if let Some(last) = fired.last() {
        println!("{} faults in {:.0} s\n", fired.len(), last.at.as_secs_f64());
    }
}
