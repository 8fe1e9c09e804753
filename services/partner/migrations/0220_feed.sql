-- What waits for institutions, apart from the log of what they were told: narrow rows, leased where they lie and deleted when
-- they are acknowledged, so that a row of the log is written once and a pull reads what waits and nothing else.
CREATE TABLE feed (
    institution_id uuid NOT NULL,
    -- That of the event.
    seq bigint NOT NULL,
    event_id uuid NOT NULL,
    assignment_id uuid NOT NULL,
    kind smallint NOT NULL,
    ordinal bigint NOT NULL,
    reply_id uuid,
    reason text,
    created_at timestamptz NOT NULL,
    traceparent text,
    lease_until timestamptz,
    attempt integer NOT NULL DEFAULT 0,
    CONSTRAINT feed_pkey PRIMARY KEY (institution_id, seq)
) WITH (
    fillfactor = 50,
    -- Rows live for moments: dead ones are swept by their number.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = 50000,
    autovacuum_vacuum_cost_delay = 0
);
-- What comes before an event in its assignment.
CREATE INDEX feed_of_assignment ON feed (assignment_id);

INSERT INTO feed (institution_id, seq, event_id, assignment_id, kind, ordinal, reply_id, reason, created_at, traceparent, attempt)
SELECT institution_id, seq, event_id, assignment_id, kind, ordinal, reply_id, reason, created_at, traceparent, attempt
  FROM event WHERE acked_at IS NULL AND NOT held;

DROP INDEX event_waiting;
DROP INDEX event_acknowledged;
ALTER TABLE event
    DROP COLUMN lease_until,
    DROP COLUMN attempt,
    DROP COLUMN acked_at;
ALTER TABLE event SET (fillfactor = 100);
-- Hardly ever anything: what came before its assignment.
CREATE INDEX event_held ON event (assignment_id) WHERE held;
-- Old rows are found by it; events lie in the order of their time, so block ranges are enough.
CREATE INDEX event_created ON event USING brin (created_at) WITH (autosummarize = on);

-- Hands out one round of pulls, at most one of each institution, which must be sorted; each from a given row on. The advisory
-- locks keep two pulls of one institution apart; they are a statement of their own because a statement sees what was committed
-- before it began. An event is handed out when it is not leased, and nothing before it in its assignment is still leased to
-- somebody or has arrived after it. A lost lease only means that events come again: nobody waits for the disk.
--
-- Rows are found by plain scans of the index, in its order: only these note on the way which of its entries are dead. Only
-- acknowledgements write the same rows, and they delete them: so a row is still where it was found.
CREATE FUNCTION lease_events(institutions uuid[], most bigint[], leases timestamptz[], beginnings bigint[], at timestamptz)
RETURNS TABLE (event_id uuid, seq bigint, institution_id uuid, assignment_id uuid, kind smallint, reply_id uuid, reason text,
               created_at timestamptz, traceparent text, attempt integer, beginning bigint)
LANGUAGE plpgsql SET enable_bitmapscan = off AS $$
#variable_conflict use_column
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(i::text, 0)) FROM unnest(institutions) AS i;
    PERFORM set_config('synchronous_commit', 'off', true);
    RETURN QUERY
        WITH ready AS (
            SELECT p.lease_until, w.place, f.beginning
            FROM unnest(institutions, most, leases, beginnings) AS p(institution_id, most, lease_until, beginning)
            CROSS JOIN LATERAL (
                SELECT min(f.seq) AS beginning FROM feed AS f
                WHERE f.institution_id = p.institution_id AND f.seq >= p.beginning) AS f
            CROSS JOIN LATERAL (
                SELECT e.ctid AS place FROM feed AS e
                WHERE e.institution_id = p.institution_id AND e.seq >= f.beginning
                  AND (e.lease_until IS NULL OR e.lease_until <= at)
                  AND NOT EXISTS (
                      SELECT 1 FROM feed AS b
                      WHERE b.assignment_id = e.assignment_id AND b.ordinal < e.ordinal
                        AND (b.lease_until > at OR b.seq > e.seq))
                ORDER BY e.seq LIMIT p.most) AS w)
        UPDATE feed AS e SET lease_until = ready.lease_until, attempt = e.attempt + 1
        FROM ready WHERE e.ctid = ready.place
        RETURNING e.event_id, e.seq, e.institution_id, e.assignment_id, e.kind, e.reply_id, e.reason, e.created_at,
                  e.traceparent, e.attempt, ready.beginning;
END $$;
