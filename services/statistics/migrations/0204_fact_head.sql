-- Where the record ends. Whoever adds facts takes this row first and keeps it until the commit, so facts become visible in
-- the order of recorded_at: whoever sees one sees all before it.
CREATE TABLE fact_head (
    only_row           boolean     NOT NULL DEFAULT true,
    recorded_at        timestamptz NOT NULL,
    last_fact_at       timestamptz NOT NULL,
    latest_occurred_at timestamptz NOT NULL,
    CONSTRAINT fact_head_pkey PRIMARY KEY (only_row),
    CONSTRAINT fact_head_only_row CHECK (only_row)
) WITH (fillfactor = 50);
COMMENT ON COLUMN fact_head.recorded_at IS 'Later facts are recorded after this: the last one''s, or a time that an answer was pinned to';
COMMENT ON COLUMN fact_head.last_fact_at IS 'No fact is recorded after this';
COMMENT ON COLUMN fact_head.latest_occurred_at IS 'No fact happened after this';

INSERT INTO fact_head (recorded_at, last_fact_at, latest_occurred_at)
SELECT coalesce(max(recorded_at), 'epoch'), coalesce(max(recorded_at), 'epoch'), coalesce(max(occurred_at), 'epoch')
  FROM fact;
