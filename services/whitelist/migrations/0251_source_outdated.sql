-- A reply that can be read and speaks as of a day too long ago (OUTDATED) is kept and asked for again like a failure.
ALTER TABLE source_watch
    DROP CONSTRAINT source_watch_outcome_known,
    ADD CONSTRAINT source_watch_outcome_known CHECK (last_outcome IN ('GOOD', 'MALFORMED', 'OUTDATED', 'ABSENT',
        'UNREACHABLE', 'SLOW', 'TOO_LONG', 'REFUSED', 'NO_CONSENT'));
