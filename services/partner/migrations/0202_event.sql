-- The feed of each institution, and its delivery log: lease, attempts, acknowledgement.
CREATE TABLE event (
    event_id uuid PRIMARY KEY,
    -- Order of arrival; never shown, because a common sequence would tell one institution of the others.
    seq bigint GENERATED ALWAYS AS IDENTITY,
    institution_id uuid NOT NULL,
    assignment_id uuid NOT NULL,
    -- Numbers of proto EventType.
    kind smallint NOT NULL,
    -- Order within the assignment: the leg's version, then the kind's rank.
    ordinal bigint NOT NULL,
    -- What it is about, so that the same thing told twice makes one event.
    subject uuid NOT NULL,
    reply_id uuid,
    reason text,
    created_at timestamptz NOT NULL,
    traceparent text,
    -- Kept back until the assignment itself has been issued.
    held boolean NOT NULL,
    lease_until timestamptz,
    attempt integer NOT NULL DEFAULT 0,
    acked_at timestamptz,
    CONSTRAINT event_told_once UNIQUE (assignment_id, kind, subject),
    CONSTRAINT event_kind_known CHECK (kind BETWEEN 1 AND 7),
    CONSTRAINT event_reply_named CHECK ((kind >= 4) = (reply_id IS NOT NULL))
) WITH (fillfactor = 80);

-- What a pull looks through. Leases change no indexed column, so they are cheap.
CREATE INDEX event_waiting ON event (institution_id, seq) WHERE acked_at IS NULL AND NOT held;
