-- A leg (InstitutionRequest): one question to one institution. Its id is random, because the institution sees it.
CREATE TABLE leg (
    id              uuid PRIMARY KEY,
    case_id         uuid NOT NULL REFERENCES financing_case,
    round           smallint NOT NULL CHECK (round > 0),
    wave            smallint NOT NULL CHECK (wave > 0),
    role            smallint NOT NULL,
    institution_id  uuid NOT NULL,
    product_id      uuid NOT NULL,
    product_version integer NOT NULL,
    state           text NOT NULL,
    seq             integer,
    decline_reason  smallint,
    version         bigint NOT NULL,
    issued_at       timestamptz NOT NULL,
    delivered_at    timestamptz,
    replied_at      timestamptz,
    -- The reply that stands: its offer, its refusal.
    standing_reply  uuid,
    asked_codes     text[] NOT NULL DEFAULT '{}',
    asked_note      text NOT NULL DEFAULT '',
    CONSTRAINT leg_state_check CHECK (state IN ('CREATED','RECEIVED','REVIEWING','INFO_REQUESTED','OFFERED','DECLINED',
                    'TIMED_OUT','EXPIRED','WITHDRAWN_BY_INST','SELECTED','CONFIRMED','RELEASED','FULFILLED','BREACHED')),
    CONSTRAINT leg_decline_check CHECK ((state = 'DECLINED') = (decline_reason IS NOT NULL)),
    CONSTRAINT leg_one_per_institution_key UNIQUE (case_id, round, wave, role, institution_id)
) WITH (fillfactor = 80);

-- What was offered, every version of it; late ones too.
CREATE TABLE offer (
    reply_id        uuid PRIMARY KEY,
    leg_id          uuid NOT NULL REFERENCES leg,
    case_id         uuid NOT NULL,
    seq             integer NOT NULL CHECK (seq > 0),
    amount_fen      bigint NOT NULL CHECK (amount_fen BETWEEN 1 AND 30000000000),
    term_months     smallint NOT NULL CHECK (term_months BETWEEN 1 AND 120),
    annual_rate_bp  integer NOT NULL CHECK (annual_rate_bp BETWEEN 1 AND 3600),
    repayment       smallint NOT NULL,
    enhancement     smallint NOT NULL,
    fees_fen        bigint NOT NULL CHECK (fees_fen BETWEEN 0 AND 30000000000),
    valid_until     timestamptz NOT NULL,
    submitted_at    timestamptz NOT NULL,
    late            boolean NOT NULL DEFAULT false
);
CREATE INDEX offer_case_idx ON offer (case_id);

-- The enterprise's answers to one institution's questions.
CREATE TABLE leg_supplement (
    leg_id          uuid NOT NULL REFERENCES leg,
    given_at        timestamptz NOT NULL,
    documents       jsonb NOT NULL,
    note            text NOT NULL,
    PRIMARY KEY (leg_id, given_at)
);

-- One immutable reading per case, round and role: what every institution of that role is shown.
CREATE TABLE dossier (
    case_id         uuid NOT NULL REFERENCES financing_case,
    round           smallint NOT NULL,
    role            smallint NOT NULL,
    consent_id      uuid NOT NULL,
    enterprise_id   uuid NOT NULL,
    body            bytea NOT NULL,
    PRIMARY KEY (case_id, round, role)
);
