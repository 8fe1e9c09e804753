-- Which platforms are asked about which enterprise, and when next: after a good answer when it becomes stale, after a
-- failure later and later. pending_since: since when somebody waits for an answer that is not there (PENDING_SOURCE).
CREATE TABLE source_watch (
    enterprise_id uuid        NOT NULL,
    source        text        NOT NULL,
    due_at        timestamptz NOT NULL,
    pending_since timestamptz,
    attempts      int         NOT NULL,
    last_outcome  text,
    last_at       timestamptz,
    CONSTRAINT source_watch_pkey PRIMARY KEY (enterprise_id, source),
    CONSTRAINT source_watch_enterprise_fkey FOREIGN KEY (enterprise_id) REFERENCES enterprise,
    CONSTRAINT source_watch_source_known
        CHECK (source IN ('CREDIT_CHINA', 'CREDIT_HENAN', 'CREDIT_JIYUAN', 'PLEDGE_PLATFORM')),
    CONSTRAINT source_watch_attempts_count CHECK (attempts >= 0),
    CONSTRAINT source_watch_outcome_known CHECK (last_outcome IN ('GOOD', 'MALFORMED', 'ABSENT', 'UNREACHABLE', 'SLOW',
        'TOO_LONG', 'REFUSED', 'NO_CONSENT'))
);
CREATE INDEX source_watch_due ON source_watch (source, due_at);
-- Who waits, for the metrics.
CREATE INDEX source_watch_pending ON source_watch (source, pending_since) WHERE pending_since IS NOT NULL;
