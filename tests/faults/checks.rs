//! Asks every invariant, and holds the institutions' own books against the system's.

use std::collections::HashMap;

use sqlx::{PgConnection, Row as _};
use uuid::Uuid;
use zhirong::simulate::{Content, Record};

use crate::answers::ANSWERS;
use crate::cover::COVER;
use crate::figures;
use crate::ground::Ground;
use crate::invariants::{ALL, Invariant};
use crate::witness;

/// Lines of one invariant that are shown; more say nothing new.
const SHOWN: usize = 8;

/// Everything that is asked of the books.
pub(crate) fn invariants() -> impl Iterator<Item = &'static Invariant> {
    ALL.iter().chain(COVER).chain(ANSWERS)
}

/// All violations.
pub(crate) async fn all(ground: &Ground) -> Vec<String> {
    let mut conn = ground.books.acquire().await.unwrap();
    witness::open(&mut conn).await;
    let mut found = Vec::new();
    for invariant in invariants() {
        tell(&mut found, invariant.what, ask(&mut conn, invariant).await);
    }
    let said = figures::ask(&ground.link).await;
    tell(
        &mut found,
        "statistics equal a recomputation from the cases",
        figures::differences(&mut conn, &said).await,
    );
    let records = ground.crowd.ledger().records();
    let what = "what institutions were told had been taken is there, as they said it";
    tell(&mut found, what, missing(&mut conn, &records, &replies(ground)).await);
    found
}

fn tell(found: &mut Vec<String>, what: &str, violations: Vec<String>) {
    println!("{} {what}", if violations.is_empty() { "holds " } else { "BROKEN" });
    if violations.len() > SHOWN {
        found.push(format!("{what}: {} violations, the first {SHOWN}:", violations.len()));
    }
    found.extend(violations.into_iter().take(SHOWN).map(|violation| format!("{what}: {violation}")));
}

pub(crate) async fn ask(conn: &mut PgConnection, invariant: &Invariant) -> Vec<String> {
    sqlx::query_scalar(invariant.sql)
        .fetch_all(conn)
        .await
        .unwrap_or_else(|error| panic!("{}: {error}", invariant.what))
}

/// Ids of every reply that the gateway has acknowledged to an institution.
pub(crate) fn replies(ground: &Ground) -> Vec<String> {
    let records = ground.crowd.ledger().records().into_iter().map(|record| record.reply_id);
    let acts = ground.crowd.ledger().acts().into_iter().map(|acted| acted.reply_id);
    // A question has none that its institution is told.
    records.chain(acts).filter(|reply| !reply.is_empty()).collect()
}

/// Replies that were acknowledged and are not there, and offers that are not as they were sent.
pub(crate) async fn missing(conn: &mut PgConnection, records: &[Record], replies: &[String]) -> Vec<String> {
    let kept: Vec<Uuid> =
        sqlx::query_scalar("SELECT reply_id FROM partner.reply").fetch_all(&mut *conn).await.unwrap();
    let kept: std::collections::HashSet<String> = kept.iter().map(Uuid::to_string).collect();
    let mut found: Vec<String> = replies
        .iter()
        .filter(|reply| !kept.contains(*reply))
        .map(|reply| format!("reply {reply} was acknowledged and is gone"))
        .collect();
    let rows = sqlx::query(
        "SELECT reply_id, leg_id, seq, amount_fen, term_months, annual_rate_bp, repayment, enhancement, fees_fen FROM intake.offer",
    )
    .fetch_all(conn)
    .await
    .unwrap();
    let stored: HashMap<String, Stated> = rows
        .iter()
        .map(|row| {
            let small = |name: &str| i32::from(row.get::<i16, _>(name));
            let stated = Stated {
                assignment: format!("assignments/{}", row.get::<Uuid, _>("leg_id")),
                seq: row.get("seq"),
                amount: row.get("amount_fen"),
                term: small("term_months"),
                rate: row.get("annual_rate_bp"),
                codes: (small("repayment"), small("enhancement")),
                fees: row.get("fees_fen"),
            };
            (row.get::<Uuid, _>("reply_id").to_string(), stated)
        })
        .collect();
    for record in records {
        let Content::Offer { offer, .. } = &record.content else { continue };
        let said = Stated {
            assignment: record.assignment.clone(),
            seq: offer.offer_seq,
            amount: offer.amount_fen,
            term: offer.term_months,
            rate: offer.annual_rate_bp,
            codes: (offer.repayment, offer.enhancement),
            fees: offer.fees_fen,
        };
        if let Some(stored) = stored.get(&record.reply_id)
            && *stored != said
        {
            found.push(format!("offer {}: said {said:?}, stored {stored:?}", record.reply_id));
        }
    }
    found
}

#[derive(Debug, PartialEq)]
struct Stated {
    assignment: String,
    seq: i32,
    amount: i64,
    term: i32,
    rate: i32,
    codes: (i32, i32),
    fees: i64,
}
