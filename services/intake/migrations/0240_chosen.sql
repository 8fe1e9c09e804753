-- Whoever was chosen and has not answered is told again (CHOSEN), since its message may have been lost. The chosen evaluator
-- has a time to confirm, and then to deliver (VALUATION).
ALTER TABLE deadline DROP CONSTRAINT deadline_kind_check;
ALTER TABLE deadline ADD CONSTRAINT deadline_kind_check CHECK (kind IN
    ('PLAN','WINDOW','SUPPLEMENT','COVER','SELECTION','APPROVAL','NO_OFFER','CHOSEN','VALUATION'));
-- What waits already is looked at as soon as the role runs, which computes the rest.
INSERT INTO deadline (case_id, kind, due_at, since, span)
    SELECT case_id, 'CHOSEN', min(issued_at), min(issued_at), '0s' FROM leg WHERE state = 'SELECTED' GROUP BY case_id
    UNION ALL
    SELECT case_id, 'VALUATION', min(issued_at), min(issued_at), '0s' FROM leg
     WHERE role = 5 AND state IN ('SELECTED','CONFIRMED') GROUP BY case_id
    ON CONFLICT DO NOTHING;
