-- Assignments: the legs of intake as their institutions see them. A row without terms stands for a leg of which only a
-- later message has arrived; nobody is shown it.
CREATE TABLE assignment (
    assignment_id uuid PRIMARY KEY,
    institution_id uuid NOT NULL,
    role smallint,
    product_id uuid,
    product_version integer,
    issued_at timestamptz,
    due_at timestamptz,
    issued_version bigint,
    -- Where the case's trace goes on (W3C traceparent): what the institution does is part of the same journey.
    traceparent text,
    -- Numbers of proto AssignmentState.
    state smallint NOT NULL,
    -- 1 timed out, 2 released.
    close_cause smallint,
    version bigint NOT NULL,
    CONSTRAINT assignment_terms_whole CHECK (
        num_nulls(role, product_id, product_version, issued_at, issued_version) IN (0, 5)),
    CONSTRAINT assignment_due_belongs_to_terms CHECK (due_at IS NULL OR issued_at IS NOT NULL),
    CONSTRAINT assignment_state_known CHECK (state BETWEEN 1 AND 6),
    CONSTRAINT assignment_cause_when_closed CHECK ((state = 6) = (close_cause IS NOT NULL)),
    CONSTRAINT assignment_cause_known CHECK (close_cause IN (1, 2)),
    CONSTRAINT assignment_version_counts CHECK (version >= 1)
) WITH (fillfactor = 80);

-- The list of one institution, newest first.
CREATE INDEX assignment_of_institution ON assignment (institution_id, issued_at DESC, assignment_id DESC)
    WHERE issued_at IS NOT NULL;
