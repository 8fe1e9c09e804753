//! However the holder of engines ends, nothing of them stays.

use crate::holder::{Holder, Place, guards_of, signal, until};

const NOBODY: u32 = 65_534;

fn root() -> bool {
    std::fs::read_to_string("/proc/self/status").unwrap().lines().any(|line| line.starts_with("Uid:\t0\t"))
}

#[test]
fn two_pairs_run_side_by_side_and_end_cleanly_on_ctrl_c_and_sigterm() {
    let place = Place::new("side");
    let (first, second) = (Holder::start(&place), Holder::start(&place));
    let (mut first, mut second) = (first.wait_until_ready(), second.wait_until_ready());
    assert_eq!(place.run_directories().len(), 4);
    first.signal("INT");
    assert!(first.child.wait().unwrap().success());
    assert_eq!(place.run_directories().len(), 2, "the other pair is not touched");
    second.signal("TERM");
    assert!(second.child.wait().unwrap().success());
    assert_eq!(place.processes(), Vec::<i32>::new(), "a clean stop returns after the engines have ended");
    place.wait_until_empty();
}

#[test]
fn engines_end_with_a_parent_that_is_killed() {
    let place = Place::new("kill");
    let mut holder = Holder::start(&place).wait_until_ready();
    assert!(place.processes().len() > 5);
    holder.child.kill().unwrap();
    holder.child.wait().unwrap();
    place.wait_until_empty();
}

#[test]
fn left_overs_of_a_killed_parent_and_killed_guards_are_ended_by_the_next_start() {
    let place = Place::new("left");
    let mut holder = Holder::start(&place).wait_until_ready();
    for guard in guards_of(&place.runs()) {
        signal("KILL", guard);
    }
    holder.child.kill().unwrap();
    holder.child.wait().unwrap();
    let left = place.run_directories();
    assert_eq!(left.len(), 2, "nobody could clean up");
    assert!(!place.processes().is_empty());

    let mut next = Holder::start(&place).wait_until_ready();
    assert!(left.iter().all(|directory| !directory.exists()));
    let ours = place.run_directories();
    assert_eq!(ours.len(), 2);
    next.signal("TERM");
    assert!(next.child.wait().unwrap().success());
    place.wait_until_empty();
}

#[test]
fn an_ordinary_user_can_have_engines_too() {
    let place = Place::new("user");
    let mut holder = Holder::start_as(&place, root().then_some(NOBODY), &[]).wait_until_ready();
    holder.child.kill().unwrap();
    holder.child.wait().unwrap();
    place.wait_until_empty();
}

#[test]
fn given_engines_are_used_and_left_alone() {
    let place = Place::new("given");
    let given = [
        (engines::GIVEN_POSTGRES, "postgres://a:b@192.0.2.1/postgres"),
        (engines::GIVEN_AMQP, "amqp://a:b@192.0.2.1:5672"),
        (engines::GIVEN_MANAGEMENT, "http://a:b@192.0.2.1:15672"),
    ];
    let mut holder = Holder::start_as(&place, None, &given).wait_until_ready();
    for (name, value) in given {
        assert!(holder.output.contains(&format!("{name}={value}")), "{:?}", holder.output);
    }
    assert_eq!(place.run_directories().len(), 0);
    holder.signal("TERM");
    assert!(holder.child.wait().unwrap().success());

    let mut half = Holder::start_as(&place, None, &given[..2]);
    assert!(!half.child.wait().unwrap().success(), "half of a RabbitMQ is refused");
    until("the other engine is gone as well", || place.processes().is_empty());
}
