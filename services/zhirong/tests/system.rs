//! A whole system as child processes: ready, killed, restarted, stopped.

use std::time::Duration;

use testkit::eventually;
use zhirong::system::{Options, System};

use crate::place::{Place, alive};

/// A role starts in about a second; two busy cores may take many.
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_ready_come_back_when_killed_stay_down_when_stopped_and_all_end_with_the_system() {
    let place = Place::new("system");
    let mut system = System::start(Options::scratch(place.run_dir())).await.unwrap();
    let names = zhirong::roles::names();
    for role in &names {
        assert!(system.pid(role).unwrap().is_some_and(alive), "{role} runs");
    }

    // Users belong to the whole server, which a test's own ground may share: neither locks the other out.
    let ground = testkit::ground(&[&catalog::ROLE]).await;
    ground.pool(&catalog::ROLE).acquire().await.unwrap();
    system.stop_role("catalog").await.unwrap();
    system.start_role("catalog").await.unwrap();
    system.wait_ready("catalog", LIMIT).await.unwrap();

    let twice = System::start(Options::scratch(place.run_dir())).await.unwrap_err();
    assert!(twice.to_string().contains("a system already runs in"), "{twice:#}");

    let before = system.pid("intake").unwrap().unwrap();
    system.kill_role("intake", true).await.unwrap();
    system.wait_ready("intake", LIMIT).await.unwrap();
    assert_ne!(system.pid("intake").unwrap(), Some(before));
    assert_eq!(system.restarts("intake").unwrap(), 1);

    let before = system.pid("catalog").unwrap().unwrap();
    let raw = nix::unistd::Pid::from_raw(i32::try_from(before).unwrap());
    nix::sys::signal::kill(raw, nix::sys::signal::Signal::SIGKILL).unwrap();
    eventually(LIMIT, async || system.pid("catalog").unwrap().is_some_and(|pid| pid != before)).await;
    system.wait_ready("catalog", LIMIT).await.unwrap();

    system.stop_role("whitelist").await.unwrap();
    assert_eq!(system.pid("whitelist").unwrap(), None);
    assert!(system.wait_ready("whitelist", Duration::from_millis(200)).await.is_err());
    system.start_role("whitelist").await.unwrap();
    system.wait_ready("whitelist", LIMIT).await.unwrap();

    let pids: Vec<u32> = names.iter().map(|role| system.pid(role).unwrap().unwrap()).collect();
    system.stop().await.unwrap();
    for pid in pids {
        assert!(!alive(pid), "{pid} has ended");
    }
    for role in names {
        let log = std::fs::read_to_string(place.run_dir().log(role)).unwrap();
        assert!(log.contains(role), "{role}'s log is its own: {log}");
    }
}
