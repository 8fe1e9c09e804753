//! Every command in every stage and standing of a product, and what holds whatever is done.

use kernel::calendar::date_of;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_663_200_000 + seconds, 0).unwrap()
}

fn person(name: &str) -> Person {
    Person(format!("staff:{name}"))
}

fn act<'a>(by: &'a Person, now: DateTime<Utc>) -> Act<'a> {
    Act { by, side: Side::Centre, now, today: date_of(now) }
}

fn product(standing: Standing, stage: Option<Stage>) -> Product {
    let id = Uuid::from_u128(1);
    let draft = Product::create(ProductId::from_uuid(id), InstitutionId::from_uuid(id), person("author"));
    let pending = stage.map(|stage| Pending {
        version: 2,
        stage,
        author: person("author"),
        submitter: (stage != Stage::Draft).then(|| person("submitter")),
    });
    Product { standing, pending, newest: 2, ..draft }
}

const PUBLISH: Command = Command::Publish { version: 2, from: None, ended: false };

#[test]
fn each_command_in_each_stage_of_a_version() {
    let done = |event| Ok(Step::Executed(event));
    let wrong = |stage, command| Err(Refusal::WrongStage { stage, command });
    let on = date_of(at(0)) + chrono::TimeDelta::days(1);
    let (submit, approve) = (Command::Submit { version: 2 }, Command::Approve { version: 2 });
    let (give_back, withdraw) = (Command::Return { version: 2 }, Command::Withdraw { version: 2 });
    let effect = Command::TakeEffect { version: 2 };
    let later = Command::Publish { version: 2, from: Some(on), ended: false };
    let withdrawn = || done(Event::Withdrawn { version: 2 });
    let published = || done(Event::Published { version: 2, at: at(0) });
    for (stage, command, wanted) in [
        (Stage::Draft, submit.clone(), done(Event::Submitted { version: 2, by: person("second") })),
        (Stage::Draft, approve.clone(), wrong(Stage::Draft, approve.clone())),
        (Stage::Draft, give_back.clone(), wrong(Stage::Draft, give_back.clone())),
        (Stage::Draft, PUBLISH, wrong(Stage::Draft, PUBLISH)),
        (Stage::Draft, withdraw.clone(), withdrawn()),
        (Stage::InReview, submit.clone(), Ok(Step::AlreadyApplied)),
        (Stage::InReview, approve.clone(), done(Event::Approved { version: 2 })),
        (Stage::InReview, give_back.clone(), done(Event::Returned { version: 2 })),
        (Stage::InReview, PUBLISH, wrong(Stage::InReview, PUBLISH)),
        (Stage::InReview, withdraw.clone(), withdrawn()),
        (Stage::Returned, submit.clone(), wrong(Stage::Returned, submit.clone())),
        (Stage::Returned, approve.clone(), wrong(Stage::Returned, approve.clone())),
        (Stage::Returned, give_back.clone(), Ok(Step::AlreadyApplied)),
        (Stage::Returned, withdraw.clone(), withdrawn()),
        (Stage::Approved, submit.clone(), wrong(Stage::Approved, submit)),
        (Stage::Approved, approve.clone(), Ok(Step::AlreadyApplied)),
        (Stage::Approved, give_back.clone(), wrong(Stage::Approved, give_back)),
        (Stage::Approved, PUBLISH, published()),
        (Stage::Approved, later.clone(), done(Event::Scheduled { version: 2, on })),
        (
            Stage::Approved,
            Command::Publish { version: 2, from: Some(date_of(at(0))), ended: false },
            published(),
        ),
        (Stage::Approved, Command::Publish { version: 2, from: None, ended: true }, Err(Refusal::Ended)),
        (Stage::Approved, effect.clone(), wrong(Stage::Approved, effect.clone())),
        (Stage::Approved, withdraw.clone(), withdrawn()),
        (Stage::Scheduled(on), later, Ok(Step::AlreadyApplied)),
        (Stage::Scheduled(on), approve, Ok(Step::AlreadyApplied)),
        (Stage::Scheduled(on), effect.clone(), wrong(Stage::Scheduled(on), effect.clone())),
        (Stage::Scheduled(date_of(at(0))), effect, published()),
        (Stage::Scheduled(on), withdraw, withdrawn()),
    ] {
        let given = product(Standing::Published { version: 1, at: at(-9) }, Some(stage));
        assert_eq!(
            decide(&given, command.clone(), &act(&person("second"), at(0))),
            wanted,
            "{stage:?} {command:?}"
        );
    }
}

#[test]
fn each_command_in_each_standing() {
    let published = Standing::Published { version: 1, at: at(-9) };
    let suspended = Standing::Suspended { version: 1, at: at(-9), since: at(-5), by: Side::Centre };
    let retired = Standing::Retired { last: Some((1, at(-9))), at: at(-1) };
    let done = |event| Ok(Step::Executed(event));
    let revised = |stage| done(Event::Revised { version: 3, stage, author: person("x") });
    let (go_on, revise) = (Command::Resume { ended: false }, Command::Revise { newest: 2 });
    for (standing, command, wanted) in [
        (Standing::Unpublished, revise.clone(), revised(Stage::Draft)),
        (published, revise.clone(), revised(Stage::InReview)),
        (suspended, revise.clone(), revised(Stage::InReview)),
        (retired, revise.clone(), Err(Refusal::Retired(revise))),
        (published, Command::Revise { newest: 1 }, Err(Refusal::MovedOn { newest: 2, seen: 1 })),
        (Standing::Unpublished, Command::Suspend, Err(Refusal::NeverPublished)),
        (published, Command::Suspend, done(Event::Suspended { version: 1, since: at(0), by: Side::Centre })),
        (suspended, Command::Suspend, Ok(Step::AlreadyApplied)),
        (retired, Command::Suspend, Err(Refusal::Retired(Command::Suspend))),
        (Standing::Unpublished, go_on.clone(), Err(Refusal::NeverPublished)),
        (published, go_on.clone(), Ok(Step::AlreadyApplied)),
        (suspended, go_on.clone(), done(Event::Resumed { version: 1 })),
        (suspended, Command::Resume { ended: true }, Err(Refusal::Ended)),
        (retired, go_on.clone(), Err(Refusal::Retired(go_on))),
        (Standing::Unpublished, Command::Retire, done(Event::Retired { at: at(0) })),
        (published, Command::Retire, done(Event::Retired { at: at(0) })),
        (suspended, Command::Retire, done(Event::Retired { at: at(0) })),
        (retired, Command::Retire, Ok(Step::AlreadyApplied)),
        (published, Command::Publish { version: 1, from: None, ended: false }, Ok(Step::AlreadyApplied)),
        (published, PUBLISH, Err(Refusal::NotPending(2))),
        (published, Command::Submit { version: 3 }, Err(Refusal::NoSuchVersion(3))),
        (published, Command::Approve { version: 0 }, Err(Refusal::NoSuchVersion(0))),
    ] {
        let given = product(standing, None);
        assert_eq!(
            decide(&given, command.clone(), &act(&person("x"), at(0))),
            wanted,
            "{standing:?} {command:?}"
        );
    }
}

#[test]
fn what_the_centre_suspends_only_the_centre_resumes_and_its_word_stands_over_the_banks() {
    let by = person("x");
    let of = |side| Act { side, ..act(&by, at(0)) };
    let suspended = |by| Standing::Suspended { version: 1, at: at(-9), since: at(-5), by };
    let done = |event| Ok(Step::Executed(event));
    let (go_on, resumed) = (Command::Resume { ended: false }, || done(Event::Resumed { version: 1 }));
    let taken_over = || done(Event::Suspended { version: 1, since: at(0), by: Side::Centre });
    for (held, side, command, wanted) in [
        (Side::Centre, Side::Bank, go_on.clone(), Err(Refusal::HeldByCentre)),
        (Side::Centre, Side::Bank, Command::Resume { ended: true }, Err(Refusal::HeldByCentre)),
        (Side::Centre, Side::Centre, Command::Resume { ended: true }, Err(Refusal::Ended)),
        (Side::Bank, Side::Bank, Command::Resume { ended: true }, Err(Refusal::Ended)),
        (Side::Calendar, Side::Bank, Command::Resume { ended: true }, Err(Refusal::Ended)),
        (Side::Centre, Side::Centre, go_on.clone(), resumed()),
        (Side::Bank, Side::Bank, go_on.clone(), resumed()),
        (Side::Bank, Side::Centre, go_on, resumed()),
        (Side::Bank, Side::Bank, Command::Suspend, Ok(Step::AlreadyApplied)),
        (Side::Centre, Side::Bank, Command::Suspend, Ok(Step::AlreadyApplied)),
        (Side::Centre, Side::Centre, Command::Suspend, Ok(Step::AlreadyApplied)),
        (Side::Bank, Side::Centre, Command::Suspend, taken_over()),
        (Side::Calendar, Side::Centre, Command::Suspend, taken_over()),
        (Side::Calendar, Side::Bank, Command::Suspend, Ok(Step::AlreadyApplied)),
        (Side::Bank, Side::Calendar, Command::Suspend, Ok(Step::AlreadyApplied)),
    ] {
        let given = product(suspended(held), None);
        assert_eq!(decide(&given, command.clone(), &of(side)), wanted, "{held:?} {side:?} {command:?}");
    }
    let published = product(Standing::Published { version: 1, at: at(-9) }, None);
    let Ok(Step::Executed(event)) = decide(&published, Command::Suspend, &of(Side::Bank)) else {
        panic!("suspended")
    };
    let by_bank = apply(published, &event);
    assert_eq!(
        by_bank.standing,
        Standing::Suspended { version: 1, at: at(-9), since: at(0), by: Side::Bank }
    );
}

#[test]
fn a_version_whose_day_comes_while_the_centre_holds_the_product_waits_until_it_is_resumed() {
    let by = person("x");
    let of = |side| Act { side, ..act(&by, at(0)) };
    let today = date_of(at(0));
    let given =
        |by, stage| product(Standing::Suspended { version: 1, at: at(-9), since: at(-5), by }, Some(stage));
    let effect = Command::TakeEffect { version: 2 };
    let published = || Ok(Step::Executed(Event::Published { version: 2, at: at(0) }));
    for (held, wanted) in
        [(Side::Centre, Err(Refusal::HeldByCentre)), (Side::Bank, published()), (Side::Calendar, published())]
    {
        let given = given(held, Stage::Scheduled(today));
        assert_eq!(decide(&given, effect.clone(), &of(Side::Calendar)), wanted, "{held:?}");
    }
    // Also where the last day of the version before is over meanwhile; and not before its own day, nor unapproved.
    for (stage, ended, wanted) in [
        (Stage::Scheduled(today), false, published()),
        (Stage::Scheduled(today), true, published()),
        (Stage::Scheduled(today.succ_opt().unwrap()), true, Err(Refusal::Ended)),
        (
            Stage::Scheduled(today.succ_opt().unwrap()),
            false,
            Ok(Step::Executed(Event::Resumed { version: 1 })),
        ),
        (Stage::InReview, false, Ok(Step::Executed(Event::Resumed { version: 1 }))),
    ] {
        let given = given(Side::Centre, stage);
        assert_eq!(decide(&given, Command::Resume { ended }, &of(Side::Centre)), wanted, "{stage:?} {ended}");
    }
}

#[test]
fn nobody_reviews_what_they_wrote_or_submitted() {
    let given = product(Standing::Unpublished, Some(Stage::InReview));
    for who in ["author", "submitter"] {
        for command in [Command::Approve { version: 2 }, Command::Return { version: 2 }] {
            assert_eq!(decide(&given, command, &act(&person(who), at(0))), Err(Refusal::SamePerson), "{who}");
        }
    }
    // Who revises what is published has submitted it with that.
    let published = product(Standing::Published { version: 1, at: at(0) }, None);
    let by = person("reviser");
    let Ok(Step::Executed(event)) = decide(&published, Command::Revise { newest: 2 }, &act(&by, at(0)))
    else {
        panic!("revised")
    };
    let revised = apply(published, &event);
    assert_eq!(decide(&revised, Command::Approve { version: 3 }, &act(&by, at(0))), Err(Refusal::SamePerson));
}

#[test]
fn the_version_in_force_is_shown_while_another_is_on_its_way_and_after_the_end() {
    let by = person("a");
    let mut now = product(Standing::Unpublished, Some(Stage::Approved));
    assert_eq!((now.shown(), now.on_shelf()), (2, None));
    for (event, shown, on_shelf) in [
        (Event::Published { version: 2, at: at(1) }, 2, Some(2)),
        (Event::Revised { version: 3, stage: Stage::InReview, author: by }, 2, Some(2)),
        (Event::Suspended { version: 2, since: at(2), by: Side::Bank }, 2, None),
        (Event::Resumed { version: 2 }, 2, Some(2)),
        (Event::Approved { version: 3 }, 2, Some(2)),
        (Event::Retired { at: at(3) }, 2, None),
    ] {
        now = apply(now, &event);
        assert_eq!((now.shown(), now.on_shelf()), (shown, on_shelf), "{event:?}");
    }
    assert_eq!(now.standing, Standing::Retired { last: Some((2, at(1))), at: at(3) });
    assert_eq!((now.pending, now.revision), (None, 7));
}

fn any_command() -> impl Strategy<Value = Command> {
    (0..10_u8, 0..5_i32, -1..2_i64, any::<bool>()).prop_map(|(kind, version, days, ended)| match kind {
        0 => Command::Revise { newest: version },
        1 => Command::Submit { version },
        2 => Command::Return { version },
        3 => Command::Approve { version },
        4 => Command::Publish { version, from: Some(date_of(at(0)) + chrono::TimeDelta::days(days)), ended },
        5 => Command::TakeEffect { version },
        6 => Command::Withdraw { version },
        7 => Command::Suspend,
        8 => Command::Resume { ended },
        _ => Command::Retire,
    })
}

proptest! {
    #[test]
    fn whatever_is_done_nothing_is_published_without_a_second_person_and_repeats_change_nothing(
        commands in prop::collection::vec((any_command(), 0..3_u8), 0..60)
    ) {
        let mut now = product(Standing::Unpublished, Some(Stage::Draft));
        let (mut changes, mut approved) = (0, Vec::new());
        for (command, who) in commands {
            let by = person(&who.to_string());
            let act = act(&by, at(0));
            if let Ok(Step::Executed(event)) = decide(&now, command.clone(), &act) {
                match &event {
                    Event::Approved { version } => {
                        let pending = now.pending.as_ref().unwrap();
                        prop_assert!(pending.author != by && pending.submitter.as_ref() != Some(&by));
                        approved.push(*version);
                    }
                    Event::Published { version, .. } => prop_assert!(approved.contains(version)),
                    _ => {}
                }
                now = apply(now, &event);
                changes += 1;
                let again = decide(&now, command.clone(), &act);
                let repeatable = matches!(command, Command::Withdraw { .. });
                prop_assert!(!matches!(again, Ok(Step::Executed(_))) || repeatable, "{:?} twice: {:?}", command, again);
            }
            prop_assert!((1..=now.newest).contains(&now.shown()));
            prop_assert!(now.pending.as_ref().is_none_or(|pending| pending.version == now.newest));
            prop_assert_eq!(now.revision, 1 + changes);
        }
    }
}
