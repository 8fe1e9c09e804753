-- Messages that a state change owes to the world, written in the transaction of that change.
-- The relay deletes a row once the broker has confirmed it and not returned it, so the table is short-lived by nature:
-- the primary key finds rows to delete and forbids enqueuing one message twice, `outbox_ready` gives the order.
-- `retry_at` holds back rows that the broker returned, refused or nacked; they never leave the table by themselves.
CREATE TABLE outbox (
    message_id        uuid        NOT NULL,
    seq               bigint      GENERATED ALWAYS AS IDENTITY,
    kind              text        NOT NULL,
    aggregate_id      uuid        NOT NULL,
    aggregate_version bigint      NOT NULL,
    occurred_at       timestamptz NOT NULL,
    traceparent       text,
    body              bytea       NOT NULL,
    enqueued_at       timestamptz NOT NULL DEFAULT now(),
    attempts          integer     NOT NULL DEFAULT 0,
    retry_at          timestamptz,
    trouble           text,
    CONSTRAINT outbox_pkey PRIMARY KEY (message_id),
    CONSTRAINT outbox_trouble_known CHECK (trouble IN ('unroutable', 'nacked', 'refused'))
) WITH (
    -- Every row lives for milliseconds: dead rows are swept by their number, not by their share of a table that is
    -- nearly empty whenever statistics look at it.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = 50000,
    autovacuum_vacuum_cost_delay = 0
);

CREATE INDEX outbox_ready ON outbox (seq) WHERE retry_at IS NULL;
CREATE INDEX outbox_retry ON outbox (retry_at) WHERE retry_at IS NOT NULL;
