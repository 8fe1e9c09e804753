-- What is to be done next for a cover request, and when: the end of its window (WINDOW), the end of the first quote that
-- is not chosen (EXPIRE), telling a chosen institution again (HOLD). due_at is null while the calendar of that year is
-- missing (CALENDAR_MISSING); span and since compute it later.
CREATE TABLE deadline (
    cover_id        uuid NOT NULL REFERENCES cover_request,
    kind            text NOT NULL CHECK (kind IN ('WINDOW','EXPIRE','HOLD')),
    due_at          timestamptz,
    since           timestamptz NOT NULL,
    span            text NOT NULL,
    attempts        integer NOT NULL DEFAULT 0,
    PRIMARY KEY (cover_id, kind)
);
-- No lower bound: the long overdue come first.
CREATE INDEX deadline_due_idx ON deadline (kind, due_at) WHERE due_at IS NOT NULL;
