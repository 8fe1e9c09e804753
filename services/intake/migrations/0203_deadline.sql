-- What is to be done next for a case, and when: work to take up (PLAN) and deadlines (WINDOW, SUPPLEMENT) alike.
-- due_at is null while the calendar of that year is missing (CALENDAR_MISSING); span and since compute it later.
CREATE TABLE deadline (
    case_id         uuid NOT NULL REFERENCES financing_case,
    kind            text NOT NULL CHECK (kind IN ('PLAN','WINDOW','SUPPLEMENT')),
    due_at          timestamptz,
    since           timestamptz NOT NULL,
    span            text NOT NULL,
    attempts        integer NOT NULL DEFAULT 0,
    PRIMARY KEY (case_id, kind)
);
-- No lower bound: the long overdue come first.
CREATE INDEX deadline_due_idx ON deadline (kind, due_at) WHERE due_at IS NOT NULL;
