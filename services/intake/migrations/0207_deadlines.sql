-- Every state that waits for somebody has an end: cover, choice, approval, another round.
ALTER TABLE deadline DROP CONSTRAINT deadline_kind_check;
ALTER TABLE deadline ADD CONSTRAINT deadline_kind_check CHECK (kind IN
    ('PLAN','WINDOW','SUPPLEMENT','COVER','SELECTION','APPROVAL','NO_OFFER'));
-- What was waiting without an end before gets one: computed from the calendar by the role itself, as for a year whose
-- table has just come (`due_at` null).
INSERT INTO deadline (case_id, kind, due_at, since, span)
    SELECT id, 'SELECTION', NULL::timestamptz, coalesce(window_closes_at, created_at), '5wd' FROM financing_case WHERE state = 'OFFERS_READY'
    UNION ALL
    SELECT id, 'NO_OFFER', NULL::timestamptz, coalesce(window_closes_at, created_at), '10wd' FROM financing_case WHERE state = 'NO_OFFER' AND NOT redispatching
    ON CONFLICT DO NOTHING;
