-- Sessions at the desk. Of the random token in the browser's cookie only the SHA-256 is kept, so that reading this table
-- opens no session. A session ends when it was idle for too long, at its end at the latest.
CREATE TABLE session (
    token_hash bytea       NOT NULL,
    account_id uuid        NOT NULL,
    begun_at   timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    CONSTRAINT session_pk PRIMARY KEY (token_hash),
    CONSTRAINT session_account_exists FOREIGN KEY (account_id) REFERENCES account (account_id),
    CONSTRAINT session_token_is_sha256 CHECK (octet_length(token_hash) = 32),
    CONSTRAINT session_ends_after_it_began CHECK (ends_at > begun_at)
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_ends_at ON session (ends_at);
