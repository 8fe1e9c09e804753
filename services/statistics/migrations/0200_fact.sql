-- Facts: what other services said has happened, each kept once and as it came, so that a figure can be counted again.
CREATE TABLE fact (
    message_id        uuid        NOT NULL,
    type              text        NOT NULL,
    aggregate_id      uuid        NOT NULL,
    aggregate_version bigint      NOT NULL,
    occurred_at       timestamptz NOT NULL,
    body              bytea       NOT NULL,
    taken_at          timestamptz NOT NULL,
    CONSTRAINT fact_pkey PRIMARY KEY (message_id),
    CONSTRAINT fact_type_form CHECK (type ~ '^[a-z]+\.[a-z-]+\.v[0-9]+$')
);

-- Figures are counted by kind and time, and an object's facts are read in their order.
CREATE INDEX fact_by_time ON fact (type, occurred_at);
CREATE INDEX fact_by_aggregate ON fact (aggregate_id, aggregate_version);
