-- Run by restore.sh on a restored database, before any role starts.
--
-- A message that the broker had confirmed when the snapshot was taken, but that its consumer had not finished with, is
-- neither in the sender's outbox nor in its effects. Most of them are asked for again by themselves: a leg without a
-- sign of life is issued again. An institution's answer is not, because the institution has done its part. What partner
-- has taken and intake, or insurance, does not know is therefore sent again from here; partner keeps each as it was
-- published. One that is on its way all the same is known again by its id, and has its effect once.
\set QUIET on
BEGIN;

CREATE TEMPORARY TABLE lost ON COMMIT DROP AS
SELECT r.reply_id, r.assignment_id, a.version, r.submitted_at, a.traceparent, r.body,
       'partner.reply-submitted.v1' AS kind
FROM partner.reply AS r
JOIN partner.assignment AS a USING (assignment_id)
JOIN intake.leg AS l ON l.id = r.assignment_id
WHERE l.state IN ('CREATED', 'RECEIVED', 'REVIEWING', 'INFO_REQUESTED', 'OFFERED', 'SELECTED', 'CONFIRMED')
  -- Its effect is not there, ...
  AND l.standing_reply IS DISTINCT FROM r.reply_id
  AND NOT EXISTS (SELECT FROM intake.offer AS o WHERE o.reply_id = r.reply_id)
  -- ... its fate has not been told, ...
  AND NOT EXISTS (SELECT FROM partner.event AS e WHERE e.reply_id = r.reply_id)
  -- ... and it is not on its way by itself.
  AND NOT EXISTS (SELECT FROM partner.outbox AS o WHERE o.aggregate_id = r.assignment_id AND o.body = r.body)
  AND NOT EXISTS (SELECT FROM intake.held AS h WHERE h.aggregate_id = r.assignment_id AND h.body = r.body)
  AND (r.kind <> 3
       -- A question has no fate; it is lost if the leg does not wait for the answer and has not had one.
       OR (l.state <> 'INFO_REQUESTED' AND a.state = 4
           AND r.submitted_at = (SELECT max(n.submitted_at) FROM partner.reply AS n
                                 WHERE n.assignment_id = r.assignment_id)
           AND NOT EXISTS (SELECT FROM intake.leg_supplement AS s
                           WHERE s.leg_id = r.assignment_id AND s.given_at >= r.submitted_at)))
UNION ALL
-- The same of insurers and guarantors; they ask no questions.
SELECT r.reply_id, r.assignment_id, a.version, r.submitted_at, a.traceparent, r.body,
       'partner.cover-reply-submitted.v1'
FROM partner.reply AS r
JOIN partner.assignment AS a USING (assignment_id)
JOIN insurance.cover_leg AS l ON l.id = r.assignment_id
WHERE l.state IN ('CREATED', 'RECEIVED', 'REVIEWING', 'INFO_REQUESTED', 'OFFERED', 'SELECTED', 'CONFIRMED')
  AND l.standing_reply IS DISTINCT FROM r.reply_id
  AND NOT EXISTS (SELECT FROM insurance.cover_quote AS q WHERE q.reply_id = r.reply_id)
  AND NOT EXISTS (SELECT FROM partner.event AS e WHERE e.reply_id = r.reply_id)
  AND NOT EXISTS (SELECT FROM partner.outbox AS o WHERE o.aggregate_id = r.assignment_id AND o.body = r.body)
  AND NOT EXISTS (SELECT FROM insurance.held AS h WHERE h.aggregate_id = r.assignment_id AND h.body = r.body);

INSERT INTO partner.outbox (message_id, kind, aggregate_id, aggregate_version, occurred_at, traceparent, body)
-- Ids of messages carry their time (version 7): the inbox goes by it.
SELECT (lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')
        || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid,
       kind, assignment_id, version, submitted_at, traceparent, body
FROM lost ORDER BY submitted_at, reply_id;

\pset tuples_only on
\pset format unaligned
SELECT count(*) || ' answers of institutions were on their way from partner and are sent again' FROM lost;

COMMIT;
