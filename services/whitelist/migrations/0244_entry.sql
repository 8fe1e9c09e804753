-- Entries of the zone's list (名单条目). The columns that only some states have are null in the others.
CREATE TABLE entry (
    entry_id        uuid        NOT NULL,
    enterprise_id   uuid        NOT NULL,
    source_level    text        NOT NULL,
    parent_id       uuid,
    state           text        NOT NULL,
    version         bigint      NOT NULL,
    run_id          uuid,
    score           int,
    grade           text,
    hits            int         NOT NULL,
    waiting         boolean     NOT NULL,
    -- Of SCREENING and SUSPENDED: from when the time to cure runs. Of PUBLICITY: its beginning.
    since           timestamptz,
    -- Of PUBLICITY; null while the calendar of that year is missing.
    ends_at         timestamptz,
    -- Of LISTED; of SCREENING and SUSPENDED where it was listed before.
    listed_on       date,
    expires_on      date,
    -- Of REJECTED and REMOVED.
    why             text,
    updated_at      timestamptz NOT NULL,
    CONSTRAINT entry_pkey PRIMARY KEY (entry_id),
    CONSTRAINT entry_enterprise_fkey FOREIGN KEY (enterprise_id) REFERENCES enterprise,
    CONSTRAINT entry_state_known CHECK (state IN ('NOMINATED', 'CONSENT_PENDING', 'SCREENING', 'REJECTED', 'SCORED',
        'PUBLICITY', 'LISTED', 'SUSPENDED', 'REMOVED', 'EXPIRED')),
    CONSTRAINT entry_level_known CHECK (source_level IN ('ZONE', 'PROVINCE')),
    CONSTRAINT entry_grade_known CHECK (grade IN ('A', 'B', 'C', 'D')),
    CONSTRAINT entry_judged_whole CHECK (num_nulls(run_id, score, grade) IN (0, 3)),
    CONSTRAINT entry_term_whole CHECK (num_nulls(listed_on, expires_on) IN (0, 2)),
    -- No way leads to the list past a hard exclusion or without enough points.
    CONSTRAINT entry_listing_deserved CHECK (state <> 'LISTED' OR (hits = 0 AND grade <> 'D' AND run_id IS NOT NULL
        AND listed_on IS NOT NULL)),
    CONSTRAINT entry_why_of_ended CHECK ((why IS NOT NULL) = (state IN ('REJECTED', 'REMOVED'))),
    CONSTRAINT entry_since_where_due CHECK (since IS NOT NULL OR state NOT IN ('PUBLICITY', 'SUSPENDED'))
);
-- One live entry to an enterprise.
CREATE UNIQUE INDEX entry_one_live ON entry (enterprise_id) WHERE state NOT IN ('REJECTED', 'REMOVED', 'EXPIRED');
CREATE INDEX entry_by_enterprise ON entry (enterprise_id, entry_id);
CREATE INDEX entry_by_state ON entry (state, entry_id);

-- Everything that happened to it (版本历史).
CREATE TABLE entry_event (
    entry_id uuid        NOT NULL,
    version  bigint      NOT NULL,
    kind     text        NOT NULL,
    actor    text        NOT NULL,
    note     text        NOT NULL,
    run_id   uuid,
    at       timestamptz NOT NULL,
    CONSTRAINT entry_event_pkey PRIMARY KEY (entry_id, version),
    CONSTRAINT entry_event_note_length CHECK (char_length(note) <= 200)
);
CREATE TRIGGER entry_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry_event
    FOR EACH STATEMENT EXECUTE FUNCTION screening_refuse_change();

-- What is to be done next for an entry, and when. due_at is null while the calendar of that year is missing.
CREATE TABLE entry_task (
    entry_id uuid        NOT NULL,
    kind     text        NOT NULL,
    due_at   timestamptz,
    since    timestamptz NOT NULL,
    attempts int         NOT NULL DEFAULT 0,
    CONSTRAINT entry_task_pkey PRIMARY KEY (entry_id, kind),
    CONSTRAINT entry_task_kind_known CHECK (kind IN ('CONSENT', 'SCREEN', 'PUBLICITY', 'WATCH', 'CURE', 'WARN', 'EXPIRE'))
);
-- No lower bound: the long overdue come first.
CREATE INDEX entry_task_due ON entry_task (kind, due_at) WHERE due_at IS NOT NULL;
-- Who has left the list lately: the published list follows at once.
CREATE INDEX entry_left ON entry (updated_at) WHERE state IN ('SUSPENDED', 'REMOVED', 'EXPIRED');
