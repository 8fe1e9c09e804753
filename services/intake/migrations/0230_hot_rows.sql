-- A case's legs are written again soon after they came, all together: room for all of them lets that happen within the page,
-- without touching the indexes.
ALTER TABLE leg SET (fillfactor = 50);
-- As with legs and offers before: written under the lock of their case, which is never deleted, or together with it.
ALTER TABLE valuation DROP CONSTRAINT valuation_leg_id_fkey;
ALTER TABLE dossier DROP CONSTRAINT dossier_case_id_fkey;
