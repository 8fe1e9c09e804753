-- Legs of a case may change without the case: an offer is bettered. Whoever writes a case without having locked it compares
-- this number with the version, so that it has read the legs as they are.
ALTER TABLE financing_case ADD COLUMN touched bigint NOT NULL DEFAULT 0;
