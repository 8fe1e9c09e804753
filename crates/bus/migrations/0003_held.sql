-- Messages that a consumer has let go from its queue without being done with them: `retry` rows are handled again when
-- they are due, `parked` rows wait for a person. Written in the transaction that takes the message out of the queue.
-- While a worker has a retry row in hand, `due_at` is the end of its lease, `claim` its token and `suspect` is true:
-- whoever finds the row due with `suspect` still set knows that its last worker died, and takes it alone.
-- `attempts` counts every time its handling was begun, `failures` those in succession that failed or died.
CREATE TABLE held (
    held_id           uuid        NOT NULL DEFAULT gen_random_uuid(),
    queue             text        NOT NULL,
    kind              text        NOT NULL,
    reason            text        NOT NULL,
    due_at            timestamptz,
    attempts          integer     NOT NULL DEFAULT 0,
    failures          integer     NOT NULL DEFAULT 0,
    suspect           boolean     NOT NULL DEFAULT false,
    claim             uuid,
    message_id        uuid,
    message_kind      text,
    aggregate_id      uuid,
    aggregate_version bigint,
    occurred_at       timestamptz,
    traceparent       text,
    body              bytea       NOT NULL,
    held_at           timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT held_pkey PRIMARY KEY (held_id),
    CONSTRAINT held_kind_known CHECK (kind IN ('retry', 'parked')),
    CONSTRAINT held_retry_is_due CHECK ((kind = 'retry') = (due_at IS NOT NULL)),
    CONSTRAINT held_claim_is_retry CHECK (claim IS NULL OR kind = 'retry'),
    -- What has no readable envelope can only be parked, shown and dropped.
    CONSTRAINT held_retry_is_readable CHECK (kind = 'parked' OR (message_id IS NOT NULL AND message_kind IS NOT NULL
        AND aggregate_id IS NOT NULL AND aggregate_version IS NOT NULL AND occurred_at IS NOT NULL))
);

CREATE INDEX held_due ON held (queue, suspect, due_at) WHERE kind = 'retry';
CREATE INDEX held_parked ON held (queue, held_at, held_id) WHERE kind = 'parked';
