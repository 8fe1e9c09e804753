-- The financing case (融资案件): one row, one state; the row's lock guards everything of the case, legs included.
CREATE TABLE financing_case (
    id              uuid PRIMARY KEY,
    case_no         text NOT NULL CONSTRAINT financing_case_no_key UNIQUE,
    state           text NOT NULL CONSTRAINT financing_case_state_check CHECK (state IN
                    ('DRAFT','SUBMITTED','SUPPLEMENT','ACCEPTED','COLLECTING','OFFERS_READY','NO_OFFER','REJECTED','WITHDRAWN')),
    version         bigint NOT NULL CHECK (version > 0),
    channel         smallint NOT NULL CHECK (channel BETWEEN 1 AND 3),
    -- The application as given: complete from SUBMITTED on.
    form            jsonb NOT NULL,
    consent_id      uuid,
    created_at      timestamptz NOT NULL,
    submitted_at    timestamptz,
    supplemented    boolean NOT NULL DEFAULT false,
    round           smallint NOT NULL DEFAULT 0,
    -- Of the present round; meaningful in COLLECTING and kept afterwards for the record.
    wave            smallint NOT NULL DEFAULT 0,
    legs_total      integer NOT NULL DEFAULT 0,
    legs_answered   integer NOT NULL DEFAULT 0,
    offers          integer NOT NULL DEFAULT 0,
    window_closes_at timestamptz,
    -- Document codes asked for (SUPPLEMENT), or reason codes (NO_OFFER, REJECTED, WITHDRAWN, held SUBMITTED).
    codes           text[] NOT NULL DEFAULT '{}',
    redispatching   boolean NOT NULL DEFAULT false,
    root_traceparent text,
    CONSTRAINT financing_case_submitted_check CHECK ((state = 'DRAFT') = (submitted_at IS NULL)
                    OR (state = 'WITHDRAWN' AND submitted_at IS NULL)),
    CONSTRAINT financing_case_join_check CHECK (legs_answered BETWEEN 0 AND legs_total AND offers BETWEEN 0 AND legs_answered)
) WITH (fillfactor = 80);
-- The desk's list: newest first.
CREATE INDEX financing_case_newest_idx ON financing_case (created_at DESC, id DESC);
-- A revoked consent finds its cases.
CREATE INDEX financing_case_consent_idx ON financing_case (consent_id) WHERE consent_id IS NOT NULL;

-- Serial numbers by day, handed out in blocks, so that submissions never queue for one row (gaps are allowed).
CREATE TABLE case_serial (
    day   date PRIMARY KEY,
    next  bigint NOT NULL CHECK (next > 0)
);
