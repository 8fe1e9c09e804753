-- Screenings (筛查批次). A run goes through the register in the order of ids, a piece at a time: results and how far it is
-- are one transaction, so it can stop and go on anywhere. cursor_id is the last enterprise done, digest is over all rows
-- so far.
CREATE TABLE screening_run (
    run_id            uuid        NOT NULL,
    as_of             date        NOT NULL,
    scorecard_version int         NOT NULL,
    rules_version     int         NOT NULL,
    scope             uuid[],
    state             text        NOT NULL,
    cursor_id         uuid,
    screened          bigint      NOT NULL,
    digest            bytea       NOT NULL,
    started_at        timestamptz NOT NULL,
    finished_at       timestamptz,
    CONSTRAINT screening_run_pkey PRIMARY KEY (run_id),
    CONSTRAINT screening_run_state_known CHECK (state IN ('RUNNING', 'DONE')),
    CONSTRAINT screening_run_finished_when_done CHECK ((state = 'DONE') = (finished_at IS NOT NULL)),
    CONSTRAINT screening_run_digest_is_sha256 CHECK (octet_length(digest) = 32),
    CONSTRAINT screening_run_scope_count CHECK (cardinality(scope) BETWEEN 1 AND 10000)
);
CREATE INDEX screening_run_running ON screening_run (started_at) WHERE state = 'RUNNING';

-- What a run saw of each enterprise and what it made of it: everything that is needed to compute it again, for ever.
-- features are in the order of the code's list, NULL is missing. findings, unheard, unasked, hits, not_asked and pending are bits,
-- bit n for HX n. score is in hundredths of a point.
CREATE TABLE screening_result (
    run_id             uuid    NOT NULL,
    enterprise_id      uuid    NOT NULL,
    enterprise_version int     NOT NULL,
    features           int[]   NOT NULL,
    findings           int     NOT NULL,
    unheard            int     NOT NULL,
    unasked            int     NOT NULL,
    credit_consent     boolean NOT NULL,
    assets             int     NOT NULL,
    usable             int     NOT NULL,
    industry           text    NOT NULL,
    region             text    NOT NULL,
    park               text    NOT NULL,
    snapshots          uuid[]  NOT NULL,
    score              int     NOT NULL,
    grade              text    NOT NULL,
    hits               int     NOT NULL,
    not_asked          int     NOT NULL,
    pending            int     NOT NULL,
    eligible           boolean NOT NULL,
    CONSTRAINT screening_result_pkey PRIMARY KEY (run_id, enterprise_id),
    CONSTRAINT screening_result_score_range CHECK (score BETWEEN 0 AND 10000),
    -- A hard exclusion always wins, and a source that was not heard is no yes.
    CONSTRAINT screening_result_exclusion_wins CHECK (NOT eligible OR (hits = 0 AND pending = 0))
);
CREATE TRIGGER screening_result_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON screening_result
    FOR EACH STATEMENT EXECUTE FUNCTION screening_refuse_change();
