-- Failed log-ins, counted for each login name that was tried (whether or not there is such an account, so that nobody
-- learns which names exist) and for each address they came from. A count starts anew after a quiet time.
CREATE TABLE login_failure (
    subject      text        NOT NULL,
    failures     integer     NOT NULL,
    last_at      timestamptz NOT NULL,
    locked_until timestamptz,
    CONSTRAINT login_failure_pk PRIMARY KEY (subject),
    CONSTRAINT login_failure_subject_kind CHECK (subject ~ '^(login|address):'),
    CONSTRAINT login_failure_counts CHECK (failures > 0)
);
CREATE INDEX login_failure_last_at ON login_failure (last_at);
