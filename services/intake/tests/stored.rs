//! What is stored of a case comes back as it was, in every phase that it can be in.

use chrono::{DateTime, Utc};
use intake::{
    ROLE,
    domain::{
        Approval, Case, Channel, Choice, Collection, Cover, ExpiryCause, Form, Leg, Phase, WithdrawCause,
    },
    store::{Changes, cases},
};
use kernel::{
    BasisPoints, CaseId, CaseNumber, Fen, InstitutionId, InstitutionRole, LegId, Months,
    documents::DocumentCode, leg::LegState,
};
use sqlx::PgConnection;
use uuid::Uuid;
use writes::Writes;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn phases() -> Vec<Phase> {
    let round = |wave, cover| Collection {
        wave,
        legs: 5,
        answered: 4,
        offers: 2,
        closes_at: Some(at(1_663_300_000)),
        cover,
    };
    let choice = |cover: Option<u128>| Choice {
        bank: LegId::from_uuid(Uuid::from_u128(1)),
        cover: cover.map(|leg| LegId::from_uuid(Uuid::from_u128(leg))),
        evaluator: None,
        selected_at: at(1_663_400_000),
        approve_by: cover.map(|_| at(1_663_500_000)),
        cover_bound: cover.is_some(),
        cover_lost: cover == Some(9),
        amount: Fen::new(280_000_000),
        term: Months::new(12),
    };
    let approval = Approval {
        number: "批复2022-17".to_owned(),
        amount: Fen::new(270_000_000),
        term: Months::new(12),
        rate: BasisPoints::new(400),
        approved_at: at(1_663_450_000),
    };
    let mut phases = vec![
        Phase::Submitted { held: vec!["ASSET_UNKNOWN".to_owned()] },
        Phase::Supplement { asked: vec![DocumentCode::from_code("D04").unwrap()] },
        Phase::Accepted,
        Phase::Selected { round: round(1, Cover::NotAsked), choice: choice(None) },
        Phase::Selected { round: round(2, Cover::Quoted), choice: choice(Some(8)) },
        Phase::Approved {
            round: round(2, Cover::Quoted),
            choice: choice(Some(8)),
            approval: approval.clone(),
        },
        Phase::Approved { round: round(2, Cover::Quoted), choice: choice(Some(9)), approval },
        Phase::NoOffer { reasons: Vec::new(), again: true, last: Some(round(1, Cover::Asked)) },
        Phase::NoOffer { reasons: vec!["NO_PRODUCT".to_owned()], again: false, last: None },
        Phase::Rejected { reasons: vec!["NO_OFFER_LAPSED".to_owned()] },
    ];
    for cover in Cover::ALL {
        phases.extend([Phase::Collecting(round(1, cover)), Phase::OffersReady(round(2, cover))]);
    }
    phases.extend(ExpiryCause::ALL.map(|cause| Phase::Expired { cause, last: round(2, Cover::Lapsed) }));
    phases.extend(WithdrawCause::ALL.map(|cause| Phase::Withdrawn { cause }));
    phases
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_comes_back_as_it_was_stored_in_every_phase() {
    let ground = testkit::ground(&[&ROLE]).await;
    let mut conn = ground.pool(&ROLE).acquire().await.unwrap();
    let day = at(1_663_200_000);
    for (index, phase) in phases().into_iter().enumerate() {
        let draft = Case {
            id: CaseId::from_uuid(Uuid::from_u128(100 + u128::try_from(index).unwrap())),
            version: 1,
            channel: Channel::Api,
            supplemented: false,
            round: 0,
            phase: Phase::Draft,
        };
        let record = cases::Record {
            case: draft.clone(),
            number: CaseNumber::issue(day.date_naive(), u64::try_from(index).unwrap()).unwrap(),
            form: Form::default(),
            created_at: day,
            submitted_at: None,
            root_traceparent: None,
        };
        let mut writes = Writes::new();
        cases::insert(&mut writes, &[record]);
        writes.execute(&mut conn).await.unwrap();
        let stored = Case { version: 7, supplemented: true, round: 2, phase, ..draft };
        let mut changes = Changes::default();
        changes.note_case(&stored, Some(day));
        let mut writes = Writes::new();
        changes.gather(&mut writes, &mut conn).await.unwrap();
        writes.execute(&mut conn).await.unwrap();
        let found = cases::find(&mut conn, stored.id).await.unwrap().unwrap().case;
        assert_eq!(found, stored);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_case_comes_back_in_every_state_in_which_planning_can_leave_it() {
    let ground = testkit::ground(&[&ROLE]).await;
    let mut conn = ground.pool(&ROLE).acquire().await.unwrap();
    let day = at(1_663_200_000);
    let round = |cover, closes_at| Collection { wave: 1, legs: 5, answered: 0, offers: 0, closes_at, cover };
    let left = [
        (0, Phase::Submitted { held: Vec::new() }),
        (0, Phase::Submitted { held: vec!["ASSET_UNKNOWN".to_owned(), "CONSENT_REVOKED".to_owned()] }),
        (0, Phase::Rejected { reasons: vec!["HX01".to_owned()] }),
        (1, Phase::NoOffer { reasons: vec!["NO_PRODUCT".to_owned()], again: false, last: None }),
        (1, Phase::Collecting(round(Cover::NotAsked, None))),
        (1, Phase::Collecting(round(Cover::Asked, Some(at(1_663_300_000))))),
    ];
    let mut changes = Changes::default();
    let mut new = Vec::new();
    for (index, (round, phase)) in left.into_iter().enumerate() {
        let case = Case {
            id: CaseId::from_uuid(Uuid::from_u128(100 + u128::try_from(index).unwrap())),
            version: 4,
            channel: Channel::Api,
            supplemented: false,
            round,
            phase,
        };
        let record = cases::Record {
            case: case.clone(),
            number: CaseNumber::issue(day.date_naive(), u64::try_from(index).unwrap()).unwrap(),
            form: Form::default(),
            created_at: day,
            submitted_at: Some(day),
            root_traceparent: None,
        };
        changes.note_new_case(record, []);
        new.push(case);
    }
    let mut writes = Writes::new();
    changes.gather(&mut writes, &mut conn).await.unwrap();
    writes.execute(&mut conn).await.unwrap();
    let ids: Vec<CaseId> = new.iter().map(|case| case.id).collect();
    let found = cases::read(&mut conn, &ids).await.unwrap();
    assert_eq!(found.into_iter().map(|record| record.case).collect::<Vec<_>>(), new);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_locked_a_case_writes_nothing_once_it_or_its_legs_have_moved() {
    let ground = testkit::ground(&[&ROLE]).await;
    let mut conn = ground.pool(&ROLE).acquire().await.unwrap();
    let day = at(1_663_200_000);
    let round = |answered| Collection {
        wave: 1,
        legs: 5,
        answered,
        offers: 0,
        closes_at: None,
        cover: Cover::NotAsked,
    };
    let case = Case {
        id: CaseId::from_uuid(Uuid::from_u128(100)),
        version: 4,
        channel: Channel::Api,
        supplemented: false,
        round: 1,
        phase: Phase::Collecting(round(0)),
    };
    let mut changes = Changes::default();
    changes.note_new_case(
        cases::Record {
            case: case.clone(),
            number: CaseNumber::issue(day.date_naive(), 1).unwrap(),
            form: Form::default(),
            created_at: day,
            submitted_at: Some(day),
            root_traceparent: None,
        },
        [],
    );
    write(&mut conn, &changes).await.unwrap();

    // As when an offer is bettered: the leg changes, its case does not.
    let leg = Leg {
        id: LegId::from_uuid(Uuid::from_u128(1)),
        case: case.id,
        round: 1,
        wave: 1,
        role: InstitutionRole::Bank,
        institution: InstitutionId::from_uuid(Uuid::from_u128(2)),
        product: None,
        state: LegState::Created,
        version: 2,
        issued_at: day,
        due_at: None,
        delivered_at: None,
        replied_at: None,
        standing_reply: None,
        standing: None,
        asked: Vec::new(),
        asked_note: String::new(),
    };
    let mut changes = Changes::default();
    changes.note_leg(&leg);
    write(&mut conn, &changes).await.unwrap();

    let next = Case { version: 5, phase: Phase::Collecting(round(1)), ..case.clone() };
    let stale = [(3, Some(1)), (4, Some(0)), (4, Some(2))];
    for (version, touched) in stale {
        let mut changes = Changes::default();
        changes.note_case(&next, None);
        changes.read.insert(case.id, cases::Read { version, touched });
        let refused = write(&mut conn, &changes).await.unwrap_err();
        assert!(writes::is_other_number(&refused), "{refused}");
        assert_eq!(cases::find(&mut conn, case.id).await.unwrap().unwrap().case, case);
    }
    let mut changes = Changes::default();
    changes.note_case(&next, None);
    changes.read.insert(case.id, cases::Read { version: 4, touched: Some(1) });
    write(&mut conn, &changes).await.unwrap();
    assert_eq!(cases::find(&mut conn, case.id).await.unwrap().unwrap().case, next);
}

async fn write(conn: &mut PgConnection, changes: &Changes) -> Result<(), sqlx::Error> {
    let mut writes = Writes::new();
    changes.gather(&mut writes, conn).await.unwrap();
    writes.execute(conn).await
}
