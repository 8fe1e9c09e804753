-- Which platform told the exclusions of an entry, as bits for each of the four in the order of their numbers, bit n for
-- HX n; empty: none did. What one of them told is gone when that same one says so.
-- fresh_from is of SCREENING: only what was told from then on decides, because a repair or an objection says that what was
-- told before no longer holds.
ALTER TABLE entry
    ADD COLUMN told       int[] NOT NULL DEFAULT '{}',
    ADD COLUMN fresh_from timestamptz,
    ADD CONSTRAINT entry_told_by_source CHECK (cardinality(told) IN (0, 4)),
    ADD CONSTRAINT entry_fresh_from_of_screening CHECK (fresh_from IS NULL OR state = 'SCREENING');
