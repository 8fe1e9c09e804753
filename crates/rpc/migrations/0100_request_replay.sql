-- Answers to changes, by the caller's request_id, written in the transaction of the change itself: a repeat is
-- given the first answer. Rows go after a configured time.
CREATE TABLE request_replay (
    caller     text        NOT NULL,
    request_id uuid        NOT NULL,
    method     text        NOT NULL,
    body_hash  bytea       NOT NULL,
    response   bytea       NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT request_replay_pk PRIMARY KEY (caller, request_id),
    CONSTRAINT request_replay_body_hash_is_sha256 CHECK (octet_length(body_hash) = 32)
);
CREATE INDEX request_replay_created_at ON request_replay (created_at);
