//! Rows of `reply`.

use writes::Writes;

use crate::domain::Reply;

const INSERT: &str = "\
    INSERT INTO reply (reply_id, assignment_id, institution_id, kind, offer_seq, late, submitted_at, body) \
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::integer[], $6::boolean[], \
                         $7::timestamptz[], $8::bytea[])";

pub(super) const ALL: &[&str] = &[INSERT];

pub(super) fn insert(writes: &mut Writes, replies: &[Reply]) {
    if replies.is_empty() {
        return;
    }
    writes
        .add(INSERT)
        .bind(replies.iter().map(|reply| reply.id.uuid()).collect::<Vec<_>>())
        .bind(replies.iter().map(|reply| reply.assignment_id.uuid()).collect::<Vec<_>>())
        .bind(replies.iter().map(|reply| reply.institution_id.uuid()).collect::<Vec<_>>())
        .bind(replies.iter().map(|reply| reply.kind.number()).collect::<Vec<_>>())
        .bind(replies.iter().map(|reply| reply.kind.offer_seq()).collect::<Vec<_>>())
        .bind(replies.iter().map(|reply| reply.late).collect::<Vec<_>>())
        .bind(replies.iter().map(|reply| reply.submitted_at).collect::<Vec<_>>())
        .bind(replies.iter().map(|reply| reply.body.as_slice()).collect::<Vec<_>>());
}
