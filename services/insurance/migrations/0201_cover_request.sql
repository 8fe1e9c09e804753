-- The cover of one round of a case: one row, one state; the row's lock guards its legs and quotes.
CREATE TABLE cover_request (
    id              uuid PRIMARY KEY,
    case_id         uuid NOT NULL,
    round           smallint NOT NULL CHECK (round > 0),
    state           text NOT NULL CONSTRAINT cover_request_state_check CHECK (state IN
                    ('COLLECTING','QUOTED','NONE','HELD','BOUND','RELEASED')),
    version         bigint NOT NULL CHECK (version > 0),
    -- The newest fact of the case that has been taken; older ones that come late are dropped.
    case_version    bigint NOT NULL,
    ended           boolean NOT NULL DEFAULT false,
    opened          boolean NOT NULL DEFAULT false,
    kinds           text[] NOT NULL,
    amount_fen      bigint NOT NULL CHECK (amount_fen BETWEEN 1 AND 30000000000),
    term_months     smallint NOT NULL CHECK (term_months BETWEEN 1 AND 120),
    park            text NOT NULL,
    size            smallint CHECK (size BETWEEN 1 AND 4),
    grade           smallint CHECK (grade BETWEEN 1 AND 4),
    legs_total      integer NOT NULL,
    legs_answered   integer NOT NULL DEFAULT 0,
    window_closes_at timestamptz,
    -- HELD and BOUND: whose answer; HELD: until when it is to be confirmed.
    chosen_leg      uuid,
    due_at          timestamptz,
    -- RELEASED: why.
    cause           text,
    asked_at        timestamptz NOT NULL,
    root_traceparent text,
    CONSTRAINT cover_request_one_per_round_key UNIQUE (case_id, round),
    CONSTRAINT cover_request_join_check CHECK (legs_answered BETWEEN 0 AND legs_total),
    CONSTRAINT cover_request_chosen_check CHECK ((state IN ('HELD','BOUND')) = (chosen_leg IS NOT NULL)),
    CONSTRAINT cover_request_cause_check CHECK ((state = 'RELEASED') = (cause IS NOT NULL))
) WITH (fillfactor = 80);

-- Cases that ended before their request for cover came: a later request of that round starts nothing.
CREATE TABLE case_end (
    case_id         uuid NOT NULL,
    round           smallint NOT NULL,
    cause           text NOT NULL,
    version         bigint NOT NULL,
    at              timestamptz NOT NULL,
    PRIMARY KEY (case_id, round)
);
