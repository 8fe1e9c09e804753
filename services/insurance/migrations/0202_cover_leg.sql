-- A leg (InstitutionRequest): one question to one insurer or guarantor. Its id is random, because the institution sees it.
CREATE TABLE cover_leg (
    id              uuid PRIMARY KEY,
    cover_id        uuid NOT NULL REFERENCES cover_request,
    role            smallint NOT NULL CHECK (role IN (2, 3)),
    institution_id  uuid NOT NULL,
    government_backed boolean NOT NULL,
    state           text NOT NULL,
    seq             integer,
    decline_reason  smallint,
    version         bigint NOT NULL,
    issued_at       timestamptz NOT NULL,
    delivered_at    timestamptz,
    replied_at      timestamptz,
    -- The newest answer that came in time.
    standing_reply  uuid,
    -- Of the policy or the guarantee contract.
    document_no     text NOT NULL DEFAULT '',
    CONSTRAINT cover_leg_state_check CHECK (state IN ('CREATED','RECEIVED','REVIEWING','INFO_REQUESTED','OFFERED',
                    'DECLINED','TIMED_OUT','EXPIRED','WITHDRAWN_BY_INST','SELECTED','CONFIRMED','RELEASED','FULFILLED','BREACHED')),
    CONSTRAINT cover_leg_decline_check CHECK ((state = 'DECLINED') = (decline_reason IS NOT NULL)),
    CONSTRAINT cover_leg_quote_check CHECK (state NOT IN ('OFFERED','SELECTED','CONFIRMED') OR standing_reply IS NOT NULL),
    CONSTRAINT cover_leg_one_per_institution_key UNIQUE (cover_id, institution_id)
) WITH (fillfactor = 80);
-- However it comes about: never two chosen answers for one round.
CREATE UNIQUE INDEX cover_leg_one_chosen_key ON cover_leg (cover_id) WHERE state IN ('SELECTED','CONFIRMED');

-- What was answered, every version of it; late ones too.
CREATE TABLE cover_quote (
    reply_id        uuid PRIMARY KEY,
    leg_id          uuid NOT NULL REFERENCES cover_leg,
    seq             integer NOT NULL CHECK (seq > 0),
    terms           jsonb NOT NULL,
    submitted_at    timestamptz NOT NULL,
    late            boolean NOT NULL DEFAULT false
);
CREATE INDEX cover_quote_leg_idx ON cover_quote (leg_id);
