-- What insurance was asked for each case and round, as it was published, and what it answered.
CREATE TABLE cover_request (
    case_id         uuid NOT NULL REFERENCES financing_case,
    round           smallint NOT NULL,
    asked_at        timestamptz NOT NULL,
    -- Version of the newest answer that was taken; an older one changes nothing.
    answered        bigint,
    -- An encoded zhirong.intake.v1.CoverRequested, to be published again while there is no answer.
    body            bytea NOT NULL,
    PRIMARY KEY (case_id, round)
);
CREATE TABLE cover_option (
    leg_id          uuid PRIMARY KEY,
    case_id         uuid NOT NULL,
    round           smallint NOT NULL,
    institution_id  uuid NOT NULL,
    role            smallint NOT NULL,
    kind            smallint NOT NULL,
    amount_fen      bigint NOT NULL CHECK (amount_fen > 0),
    max_term_months smallint NOT NULL CHECK (max_term_months > 0),
    coverage_bp     integer NOT NULL CHECK (coverage_bp BETWEEN 1 AND 10000),
    annual_rate_bp  integer NOT NULL CHECK (annual_rate_bp >= 0),
    min_cost_fen    bigint NOT NULL CHECK (min_cost_fen >= 0),
    cost_fen        bigint NOT NULL CHECK (cost_fen >= 0),
    valid_until     timestamptz NOT NULL,
    -- Refused, taken back or released since it was quoted.
    gone            boolean NOT NULL DEFAULT false,
    FOREIGN KEY (case_id, round) REFERENCES cover_request
);
CREATE INDEX cover_option_case_idx ON cover_option (case_id, round);
-- Whom the consent names: insurance asks nobody else. Frozen with the reading.
ALTER TABLE dossier ADD COLUMN recipients uuid[] NOT NULL DEFAULT '{}';
