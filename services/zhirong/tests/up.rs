//! `zhirong up` and the commands beside it, as a person runs them.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use testkit::eventually;

use crate::place::{Place, ZHIRONG, alive};

const LIMIT: Duration = Duration::from_secs(90);

/// `zhirong up` in a directory of its own.
struct Up {
    child: Child,
    place: Place,
    pids: Vec<u32>,
    admin: String,
}

impl Up {
    /// Starts it and reads its output until it says that every role is ready.
    fn start(name: &str) -> Self {
        let place = Place::new(name);
        let scratch = format!("up_{name}_{}", std::process::id());
        let mut child = Command::new(ZHIRONG)
            .args(["up", "--database", &scratch, "--vhost", &scratch, "--set", "ZHIRONG_INTAKE_WINDOW=30s"])
            .env("ZHIRONG_RUN_DIR", place.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (mut pids, mut admin) = (Vec::new(), None);
        for line in lines {
            let line = line.unwrap();
            if let Some((_, rest)) = line.split_once("(pid ") {
                pids.push(rest.trim_end_matches(')').parse().unwrap());
            }
            if let Some((_, url)) =
                line.split_once("intake").and_then(|(_, rest)| rest.split_once("(admin) "))
            {
                admin = Some(url.to_owned());
            }
            if line.contains("Ctrl-C") {
                break;
            }
        }
        let admin = admin.unwrap_or_else(|| panic!("up never became ready: {:?}", child.wait()));
        Self { child, place, pids, admin }
    }

    /// Runs another command in the same run directory.
    fn command(&self, arguments: &[&str]) -> Output {
        Command::new(ZHIRONG).args(arguments).env("ZHIRONG_RUN_DIR", self.place.path()).output().unwrap()
    }

    fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(pid, signal).unwrap();
    }

    async fn until_all_have_ended(&self) {
        eventually(LIMIT, async || {
            let left: Vec<&u32> = self.pids.iter().filter(|pid| alive(**pid)).collect();
            if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
        })
        .await;
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn commands_work_beside_a_running_system_which_sigterm_ends() {
    let mut up = Up::start("term");
    assert_eq!(up.pids.len(), zhirong::roles::ALL.len());

    let healthy = up.command(&["healthcheck", &up.admin]);
    assert!(healthy.status.success(), "{}", text(&healthy.stderr));

    let token = up.command(&["token", "--staff", "s-1", "--duty", "CLERK", "--audience", "intake"]);
    assert!(token.status.success(), "{}", text(&token.stderr));
    assert_eq!(text(&token.stdout).trim().split('.').count(), 3);

    let listed =
        up.command(&["parked", "list", "--role", "intake", "--actor", "op-1", "--purpose", "rounds"]);
    assert!(listed.status.success(), "{}", text(&listed.stderr));
    assert_eq!(text(&listed.stdout), "");
    let anonymous = up.command(&["parked", "list", "--role", "intake", "--purpose", "rounds"]);
    assert!(text(&anonymous.stderr).contains("--actor"));
    let missing = "00000000-0000-7000-8000-000000000000";
    let missing = up.command(&[
        "parked",
        "drop",
        missing,
        "--role",
        "intake",
        "--actor",
        "op-1",
        "--purpose",
        "rounds",
    ]);
    assert!(!missing.status.success() && text(&missing.stderr).contains("no parked message"));

    up.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(up.child.wait().unwrap().success());
    up.until_all_have_ended().await;
    let gone = up.command(&["healthcheck", &up.admin]);
    assert_eq!(gone.status.code(), Some(1));
}

#[tokio::test]
async fn no_role_outlives_a_killed_parent() {
    let mut up = Up::start("kill");
    up.signal(nix::sys::signal::Signal::SIGKILL);
    up.child.wait().unwrap();
    up.until_all_have_ended().await;
}
