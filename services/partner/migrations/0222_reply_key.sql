-- A reply is evidence, found by its time; nothing asks for one by its id, which is random.
ALTER TABLE reply DROP CONSTRAINT reply_pkey;
