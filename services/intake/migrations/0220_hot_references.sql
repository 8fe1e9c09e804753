-- Legs, offers and deadlines are written under the lock of their case, with ids read in the same transaction, and neither
-- cases nor legs are ever deleted. The check of each row's reference locked and wrote the case's or leg's row again: eight
-- of each in a fan-out.
ALTER TABLE leg DROP CONSTRAINT leg_case_id_fkey;
ALTER TABLE offer DROP CONSTRAINT offer_leg_id_fkey;
ALTER TABLE deadline DROP CONSTRAINT deadline_case_id_fkey;
