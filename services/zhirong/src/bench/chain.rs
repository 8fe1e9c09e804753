//! Where a single case's time goes: the instants that its rows hold, from hop to hop.

use std::{collections::HashMap, time::Duration};

use anyhow::Result;
use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use super::{institutions::Seen, latency::Latencies};

type Row = (Uuid, Uuid, DateTime<Utc>, DateTime<Utc>, DateTime<Utc>, DateTime<Utc>);

/// Prints the hops of these cases; `submitted` has when each was sent, in microseconds since 1970.
pub(super) async fn print(pool: &PgPool, submitted: &HashMap<String, u128>, seen: &Seen) -> Result<()> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT c.id, l.id, c.submitted_at, l.issued_at, l.replied_at, e.at
           FROM intake.financing_case c
           JOIN intake.leg l ON l.case_id = c.id
           JOIN intake.case_entry e ON e.case_id = c.id AND e.kind = 'CASE_OFFERS_READY'
          WHERE l.replied_at IS NOT NULL AND c.submitted_at IS NOT NULL AND c.id = ANY($1)",
    )
    .bind(submitted.keys().filter_map(|id| id.parse().ok()).collect::<Vec<Uuid>>())
    .fetch_all(pool)
    .await?;
    let mut cases: HashMap<Uuid, [i128; 6]> = HashMap::new();
    for (case, leg, taken, issued, replied, ready) in rows {
        let (Some(sent), Some(seen)) =
            (submitted.get(&case.to_string()), seen.get(&format!("assignments/{leg}")))
        else {
            continue;
        };
        let at = |time: DateTime<Utc>| i128::from(time.timestamp_micros());
        let instants =
            [i128::try_from(*sent)?, at(taken), at(issued), i128::try_from(*seen)?, at(replied), at(ready)];
        let last = cases.entry(case).or_insert(instants);
        for (kept, new) in last.iter_mut().zip(instants) {
            *kept = (*kept).max(new);
        }
    }
    let hops = [
        "sent → taken up",
        "taken up → planned (commit, two questions)",
        "planned → last delivery (commit, relay, consumer, lease)",
        "last delivery → last answer taken up",
        "last answer → judged (commit, relay, consumer)",
    ];
    for (place, hop) in hops.iter().enumerate() {
        let mut latencies = Latencies::default();
        for instants in cases.values() {
            let micros = instants.get(place + 1).zip(instants.get(place)).map(|(to, from)| to - from);
            latencies.add(Duration::from_micros(u64::try_from(micros.unwrap_or_default().max(0))?));
        }
        println!("    {} {hop}", latencies.text());
    }
    Ok(())
}
