//! Sums of a book, read for an answer.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{
    figures::{Numbers, Wanted},
    step::Moment,
    tally::Measure,
};

const IN_USE: &str = "SELECT book.book, book.folded_to, fact_head.last_fact_at, fact_head.latest_occurred_at
    FROM book, fact_head WHERE book.in_use";
/// A lateral query for each range, which `OFFSET 0` keeps apart from the rest: each is a range of the primary key, and no
/// plan reads the whole book instead.
const SUMS: &str = "SELECT given.measure, found.a, found.b, sum(found.n)::bigint
    FROM unnest($2::smallint[]) AS given (measure)
    CROSS JOIN LATERAL (SELECT a, b, n FROM figure WHERE book = $1 AND measure = given.measure
                           AND ($3 = '' OR park = $3) OFFSET 0) AS found
    GROUP BY given.measure, found.a, found.b";
const DAYS: &str = "SELECT given.measure, given.a, found.b, sum(found.n)::bigint
    FROM unnest($2::smallint[], $3::int[]) AS given (measure, a)
    CROSS JOIN LATERAL (SELECT b, n FROM figure WHERE book = $1 AND measure = given.measure AND a = given.a
                           AND b BETWEEN $4 AND $5 AND ($6 = '' OR park = $6) OFFSET 0) AS found
    GROUP BY given.measure, given.a, found.b";
/// The lengths at their ranks: thousands may lie within the bounds, so they are counted where they are.
const VALUES: &str = "SELECT $2::smallint, given.a, min(found.b), given.rank
    FROM unnest($3::int[], $4::bigint[], $5::bigint[], $6::bigint[]) AS given (a, least, most, rank)
    CROSS JOIN LATERAL (SELECT b, sum(sum(n)) OVER (ORDER BY b) AS up_to FROM figure
                         WHERE book = $1 AND measure = $2 AND a = given.a AND b BETWEEN given.least AND given.most
                           AND ($7 = '' OR park = $7) GROUP BY b OFFSET 0) AS found
    WHERE found.up_to >= given.rank GROUP BY given.a, given.least, given.rank";

pub(super) const STATEMENTS: &[&str] = &[IN_USE, SUMS, DAYS, VALUES];

/// The measures that an overview is read off, beside single lengths.
const OVERVIEW: [Measure; 5] =
    [Measure::Facts, Measure::Cases, Measure::Legs, Measure::Amount, Measure::Bucket];
const DAILY: [Measure; 2] = [Measure::Day, Measure::DayAmount];

/// The book in use, and where the record ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct InUse {
    pub book: i32,
    /// The book holds all facts recorded up to this, and none recorded later.
    pub folded_to: DateTime<Utc>,
    pub last_fact_at: DateTime<Utc>,
    pub latest_occurred_at: DateTime<Utc>,
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn in_use(conn: &mut PgConnection) -> Result<InUse, StoreError> {
    Ok(sqlx::query_as(IN_USE).fetch_one(conn).await?)
}

/// All that an overview is read off. The transaction must see one state.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn overview(conn: &mut PgConnection, book: i32, park: &str) -> Result<Numbers, StoreError> {
    let mut numbers = Numbers::default();
    let measures: Vec<i16> = OVERVIEW.iter().map(|measure| measure.number()).collect();
    let rows: Vec<Row> =
        sqlx::query_as(SUMS).bind(book).bind(measures).bind(park).fetch_all(&mut *conn).await?;
    take(&mut numbers, rows)?;
    let wanted = numbers.wanted();
    let rows = values(conn, book, park, &wanted).await?;
    take(&mut numbers, rows)?;
    Ok(numbers)
}

async fn values(
    conn: &mut PgConnection,
    book: i32,
    park: &str,
    wanted: &BTreeSet<Wanted>,
) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as(VALUES)
        .bind(book)
        .bind(Measure::Value.number())
        .bind(wanted.iter().map(|wanted| wanted.series).collect::<Vec<_>>())
        .bind(wanted.iter().map(|wanted| wanted.least).collect::<Vec<_>>())
        .bind(wanted.iter().map(|wanted| wanted.most).collect::<Vec<_>>())
        .bind(wanted.iter().map(|wanted| wanted.rank).collect::<Vec<_>>())
        .bind(park)
        .fetch_all(conn)
        .await?;
    Ok(rows)
}

/// What happened on the days of a span.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn days(
    conn: &mut PgConnection,
    book: i32,
    park: &str,
    (first, last): (NaiveDate, NaiveDate),
) -> Result<Numbers, StoreError> {
    let of_day = || DAILY.iter().flat_map(|measure| Moment::ALL.iter().map(|moment| (*measure, *moment)));
    let rows: Vec<Row> = sqlx::query_as(DAYS)
        .bind(book)
        .bind(of_day().map(|(measure, _)| measure.number()).collect::<Vec<_>>())
        .bind(of_day().map(|(_, moment)| moment.number()).collect::<Vec<_>>())
        .bind(i64::from(first.num_days_from_ce()))
        .bind(i64::from(last.num_days_from_ce()))
        .bind(park)
        .fetch_all(conn)
        .await?;
    let mut numbers = Numbers::default();
    take(&mut numbers, rows)?;
    Ok(numbers)
}

type Row = (i16, i32, i64, i64);

fn take(numbers: &mut Numbers, rows: Vec<Row>) -> Result<(), StoreError> {
    for (measure, a, b, n) in rows {
        let impossible = StoreError::Impossible { table: "figure", id: Uuid::nil(), column: "measure" };
        numbers.add(Measure::from_number(measure).ok_or(impossible)?, a, b, n);
    }
    Ok(())
}
