//! Rows of `assignment`.

use chrono::{DateTime, Utc};
use kernel::{InstitutionId, InstitutionRole, LegId, ProductId, ReplyId};
use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;
use writes::{Binding, Writes};

use super::StoreError;
use crate::domain::{Assignment, Columns, Product, State, Terms};

const FIND: &str = "\
    SELECT assignment_id, institution_id, role, product_id, product_version, issued_at, due_at, issued_version, \
           traceparent, state, close_cause, seen, answer, confirm_by, confirmed_by, ended_by, selection_version, \
           version \
    FROM assignment WHERE assignment_id = $1 AND institution_id = $2 AND issued_at IS NOT NULL";

const LIST: &str = "\
    SELECT assignment_id, institution_id, role, product_id, product_version, issued_at, due_at, issued_version, \
           traceparent, state, close_cause, seen, answer, confirm_by, confirmed_by, ended_by, selection_version, \
           version \
    FROM assignment \
    WHERE institution_id = $1 AND issued_at IS NOT NULL AND (NOT $2 OR state <> 6) \
      AND ($3::timestamptz IS NULL OR (issued_at, assignment_id) < ($3, $4)) \
    ORDER BY issued_at DESC, assignment_id DESC LIMIT $5";

const READ: &str = "\
    SELECT a.* FROM unnest($1::uuid[]) AS wanted(id) \
    CROSS JOIN LATERAL ( \
        SELECT assignment_id, institution_id, role, product_id, product_version, issued_at, due_at, issued_version, \
               traceparent, state, close_cause, seen, answer, confirm_by, confirmed_by, ended_by, selection_version, \
               version \
        FROM assignment WHERE assignment_id = wanted.id LIMIT 1) AS a";

// The lateral subquery keeps to the primary key whatever the statistics say, and locks in the order given.
const LOCK: &str = "\
    SELECT a.* FROM unnest($1::uuid[]) AS wanted(id) \
    CROSS JOIN LATERAL ( \
        SELECT assignment_id, institution_id, role, product_id, product_version, issued_at, due_at, issued_version, \
               traceparent, state, close_cause, seen, answer, confirm_by, confirmed_by, ended_by, selection_version, \
               version \
        FROM assignment WHERE assignment_id = wanted.id LIMIT 1 FOR UPDATE) AS a";

const INSERT: &str = "\
    INSERT INTO assignment (assignment_id, institution_id, role, product_id, product_version, issued_at, due_at, \
                            issued_version, traceparent, state, close_cause, seen, answer, confirm_by, confirmed_by, \
                            ended_by, selection_version, version) \
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::uuid[], $5::integer[], $6::timestamptz[], \
                         $7::timestamptz[], $8::bigint[], $9::text[], $10::smallint[], $11::smallint[], \
                         $12::boolean[], $13::smallint[], $14::timestamptz[], $15::uuid[], $16::uuid[], \
                         $17::bigint[], $18::bigint[])";

const UPDATE: &str = "\
    UPDATE assignment AS a \
    SET role = n.role, product_id = n.product_id, product_version = n.product_version, issued_at = n.issued_at, \
        due_at = n.due_at, issued_version = n.issued_version, traceparent = n.traceparent, state = n.state, \
        close_cause = n.close_cause, seen = n.seen, answer = n.answer, confirm_by = n.confirm_by, \
        confirmed_by = n.confirmed_by, ended_by = n.ended_by, selection_version = n.selection_version, \
        version = n.version \
    FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::uuid[], $5::integer[], $6::timestamptz[], \
                $7::timestamptz[], $8::bigint[], $9::text[], $10::smallint[], $11::smallint[], $12::boolean[], \
                $13::smallint[], $14::timestamptz[], $15::uuid[], $16::uuid[], $17::bigint[], $18::bigint[], $19::bigint[]) \
         AS n(id, institution_id, role, product_id, product_version, issued_at, due_at, issued_version, traceparent, \
              state, close_cause, seen, answer, confirm_by, confirmed_by, ended_by, selection_version, version, \
              before) \
    WHERE a.assignment_id = n.id AND a.version = n.before";

// What an institution's act can change.
const UPDATE_STATE: &str = "\
    UPDATE assignment AS a \
    SET state = n.state, close_cause = n.close_cause, seen = n.seen, answer = n.answer, confirm_by = n.confirm_by, \
        confirmed_by = n.confirmed_by, ended_by = n.ended_by, version = n.version \
    FROM unnest($1::uuid[], $2::smallint[], $3::smallint[], $4::boolean[], $5::smallint[], $6::timestamptz[], $7::uuid[], \
                $8::uuid[], $9::bigint[], $10::bigint[]) \
         AS n(id, state, close_cause, seen, answer, confirm_by, confirmed_by, ended_by, version, before) \
    WHERE a.assignment_id = n.id AND a.version = n.before";

pub(super) const ALL: &[&str] = &[FIND, LIST, READ, LOCK, INSERT, UPDATE, UPDATE_STATE];

/// Which part of an institution's assignments to list.
#[derive(Debug, Clone, Copy)]
pub struct ListQuery {
    pub institution_id: InstitutionId,
    pub open_only: bool,
    /// Continue behind this one.
    pub after: Option<(DateTime<Utc>, LegId)>,
    pub limit: i64,
}

#[derive(FromRow)]
struct Row {
    assignment_id: Uuid,
    institution_id: Uuid,
    role: Option<i16>,
    product_id: Option<Uuid>,
    product_version: Option<i32>,
    issued_at: Option<DateTime<Utc>>,
    due_at: Option<DateTime<Utc>>,
    issued_version: Option<i64>,
    traceparent: Option<String>,
    state: i16,
    close_cause: Option<i16>,
    seen: Option<bool>,
    answer: Option<i16>,
    confirm_by: Option<DateTime<Utc>>,
    confirmed_by: Option<Uuid>,
    ended_by: Option<Uuid>,
    selection_version: i64,
    version: i64,
}

/// The assignment, if it is this institution's and has been issued.
pub async fn find(
    pool: &PgPool,
    institution_id: InstitutionId,
    id: LegId,
) -> Result<Option<Assignment>, StoreError> {
    let row: Option<Row> =
        sqlx::query_as(FIND).bind(id.uuid()).bind(institution_id.uuid()).fetch_optional(pool).await?;
    row.map(Assignment::try_from).transpose()
}

/// Newest first.
pub async fn list(pool: &PgPool, query: &ListQuery) -> Result<Vec<Assignment>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(LIST)
        .bind(query.institution_id.uuid())
        .bind(query.open_only)
        .bind(query.after.map(|(at, _)| at))
        .bind(query.after.map(|(_, id)| id.uuid()))
        .bind(query.limit)
        .fetch_all(pool)
        .await?;
    rows.into_iter().map(Assignment::try_from).collect()
}

/// Those of `ids` that exist, as they are now: whoever writes one back says of which version it is.
pub(super) async fn read(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Assignment>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(READ).bind(ids).fetch_all(conn).await?;
    rows.into_iter().map(Assignment::try_from).collect()
}

/// Locks those of `ids` that exist, until the transaction ends. `ids` must be sorted: everyone locks in that order.
pub(super) async fn lock(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Assignment>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(LOCK).bind(ids).fetch_all(conn).await?;
    rows.into_iter().map(Assignment::try_from).collect()
}

/// A changed assignment, and the version that it was read in.
pub(super) type Changed = (Assignment, i64);

/// Fails on `assignment_pkey` when another transaction was first.
pub(super) fn insert(writes: &mut Writes, rows: &[&Assignment]) {
    if !rows.is_empty() {
        columns(writes.add(INSERT), rows);
    }
}

/// Writes back rows. Nothing at all is written where one of them has changed since it was read.
pub(super) fn update(writes: &mut Writes, rows: &[Changed]) {
    if !rows.is_empty() {
        let before = rows.iter().map(|(_, before)| *before).collect::<Vec<_>>();
        let assignments: Vec<&Assignment> = rows.iter().map(|(assignment, _)| assignment).collect();
        columns(writes.add_exactly(rows.len(), UPDATE), &assignments).bind(before);
    }
}

/// As [`update`], for what institutions themselves have done: only state and version are others.
pub(super) fn update_state(writes: &mut Writes, rows: &[Changed]) {
    if rows.is_empty() {
        return;
    }
    let assignments: Vec<&Assignment> = rows.iter().map(|(assignment, _)| assignment).collect();
    let binding = writes
        .add_exactly(rows.len(), UPDATE_STATE)
        .bind(assignments.iter().map(|row| row.id.uuid()).collect::<Vec<_>>());
    state_columns(binding, &assignments)
        .bind(assignments.iter().map(|row| row.version).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, before)| *before).collect::<Vec<_>>());
}

fn columns<'w>(binding: Binding<'w>, rows: &[&Assignment]) -> Binding<'w> {
    let terms = || rows.iter().map(|row| row.terms.as_ref());
    let product = || terms().map(|terms| terms.and_then(|t| t.product));
    let binding = binding
        .bind(rows.iter().map(|row| row.id.uuid()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.institution_id.uuid()).collect::<Vec<_>>())
        .bind(terms().map(|terms| terms.map(|t| role_number(t.role))).collect::<Vec<_>>())
        .bind(product().map(|product| product.map(|p| p.id.uuid())).collect::<Vec<_>>())
        .bind(product().map(|product| product.map(|p| p.version)).collect::<Vec<_>>())
        .bind(terms().map(|terms| terms.map(|t| t.issued_at)).collect::<Vec<_>>())
        .bind(terms().map(|terms| terms.and_then(|t| t.due_at)).collect::<Vec<_>>())
        .bind(terms().map(|terms| terms.map(|t| t.issued_version)).collect::<Vec<_>>())
        .bind(terms().map(|terms| terms.and_then(|t| t.trace.as_deref())).collect::<Vec<_>>());
    state_columns(binding, rows)
        .bind(rows.iter().map(|row| row.selection_version).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.version).collect::<Vec<_>>())
}

fn state_columns<'w>(binding: Binding<'w>, rows: &[&Assignment]) -> Binding<'w> {
    let state: Vec<Columns> = rows.iter().map(|row| row.state.columns()).collect();
    binding
        .bind(state.iter().map(|kept| kept.state).collect::<Vec<_>>())
        .bind(state.iter().map(|kept| kept.close_cause).collect::<Vec<_>>())
        .bind(state.iter().map(|kept| kept.seen).collect::<Vec<_>>())
        .bind(state.iter().map(|kept| kept.answer).collect::<Vec<_>>())
        .bind(state.iter().map(|kept| kept.confirm_by).collect::<Vec<_>>())
        .bind(state.iter().map(|kept| kept.confirmed_by.map(|id| id.uuid())).collect::<Vec<_>>())
        .bind(state.iter().map(|kept| kept.ended_by.map(|id| id.uuid())).collect::<Vec<_>>())
}

/// Role numbers are those of the proto enum, 1 to 9.
pub(super) fn role_number(role: InstitutionRole) -> i16 {
    i16::try_from(role.number()).unwrap_or_default()
}

impl TryFrom<Row> for Assignment {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let impossible = |column| StoreError::Row { table: "assignment", id: row.assignment_id, column };
        let product = match (row.product_id, row.product_version) {
            (Some(id), Some(version)) => Some(Product { id: ProductId::from_uuid(id), version }),
            (None, None) => None,
            _ => return Err(impossible("product")),
        };
        let terms = match (row.role, row.issued_at, row.issued_version) {
            (Some(role), Some(issued_at), Some(issued_version)) => Some(Terms {
                role: InstitutionRole::from_number(role.into()).ok_or_else(|| impossible("role"))?,
                product,
                issued_at,
                due_at: row.due_at,
                issued_version,
                trace: row.traceparent,
            }),
            (None, None, None) => None,
            _ => return Err(impossible("terms")),
        };
        let state = Columns {
            state: row.state,
            close_cause: row.close_cause,
            seen: row.seen,
            answer: row.answer,
            confirm_by: row.confirm_by,
            confirmed_by: row.confirmed_by.map(ReplyId::from_uuid),
            ended_by: row.ended_by.map(ReplyId::from_uuid),
        };
        Ok(Self {
            id: LegId::from_uuid(row.assignment_id),
            institution_id: InstitutionId::from_uuid(row.institution_id),
            terms,
            state: State::from_columns(state).map_err(|_| impossible("state"))?,
            selection_version: row.selection_version,
            version: row.version,
        })
    }
}
