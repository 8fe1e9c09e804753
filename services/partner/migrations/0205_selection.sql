-- What comes after an answer: the enterprise's choice, the institution's confirmation, its report; and taking an offer
-- back. What a state carries stands in columns that are empty in every other state.
ALTER TABLE assignment
    -- With ANSWERED: 1 an offer stands, 2 nothing stands, 3 the offer was taken back, 4 the choice was refused.
    ADD COLUMN answer smallint,
    -- Until when the choice has to be confirmed, where there is a time for it.
    ADD COLUMN confirm_by timestamptz,
    ADD COLUMN confirmed_by uuid,
    -- The reply that took the offer back, refused the choice, or brought the report.
    ADD COLUMN ended_by uuid,
    -- With CLOSED: whether the institution had read or acknowledged it before. If not, it may not read it any more.
    ADD COLUMN seen boolean,
    -- The leg's version of the newest choice, or undoing of one, that was heard: they arrive in any order.
    ADD COLUMN selection_version bigint NOT NULL DEFAULT 0;

UPDATE assignment AS a
SET answer = coalesce((
    SELECT r.kind FROM reply AS r
    WHERE r.assignment_id = a.assignment_id AND r.kind IN (1, 2) AND NOT r.late
    ORDER BY r.submitted_at DESC LIMIT 1), 2)
WHERE a.state = 5;

-- Whatever an institution did is in the audit.
UPDATE assignment AS a
SET seen = EXISTS (SELECT 1 FROM audit_entry AS e WHERE e.object_kind = 'assignment' AND e.object_id = a.assignment_id)
WHERE a.state = 6;

ALTER TABLE assignment
    DROP CONSTRAINT assignment_state_known,
    DROP CONSTRAINT assignment_cause_known,
    ADD CONSTRAINT assignment_state_known CHECK (state BETWEEN 1 AND 9),
    -- 1 timed out, 2 released, 3 the offer has expired, 4 taken back by the institution.
    ADD CONSTRAINT assignment_cause_known CHECK (close_cause BETWEEN 1 AND 4),
    ADD CONSTRAINT assignment_seen_when_closed CHECK ((state = 6) = (seen IS NOT NULL)),
    ADD CONSTRAINT assignment_answer_when_answered CHECK ((state = 5) = (answer IS NOT NULL)),
    ADD CONSTRAINT assignment_answer_known CHECK (answer BETWEEN 1 AND 4),
    ADD CONSTRAINT assignment_confirmed CHECK (
        CASE state WHEN 8 THEN confirmed_by IS NOT NULL WHEN 9 THEN true ELSE confirmed_by IS NULL END),
    ADD CONSTRAINT assignment_ended_by_reply CHECK (
        (state = 9 OR coalesce(answer IN (3, 4), false)) = (ended_by IS NOT NULL)),
    ADD CONSTRAINT assignment_time_of_choice CHECK (
        confirm_by IS NULL OR state IN (7, 8, 9) OR coalesce(answer = 4, false)),
    ADD CONSTRAINT assignment_selection_counts CHECK (selection_version >= 0);
