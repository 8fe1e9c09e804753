-- Approved cases whose cover was lost are counted every few seconds. The index looks at the choice alone: with the state in it,
-- every change of a case's state would have to touch the indexes.
CREATE INDEX financing_case_cover_lost_idx ON financing_case (id) WHERE choice->>'cover_lost' = 'true';
