-- A seal holds a block of entries instead of a single one: its hash goes over all of them, in their order, and the hash of the
-- seal before it. Seals of single entries stay as they are, and the chain goes on from them.
ALTER TABLE audit_seal
    ALTER COLUMN entry_id DROP NOT NULL,
    ADD COLUMN entries bigint[],
    ADD CONSTRAINT audit_seal_of_one_or_many CHECK (num_nulls(entry_id, entries) = 1),
    ADD CONSTRAINT audit_seal_of_something CHECK (cardinality(entries) > 0);

-- What waits for the sealer: one row for each statement's entries. A transaction that commits late brings its row with it, so
-- none is passed over.
ALTER TABLE audit_unsealed RENAME TO audit_unsealed_before;
CREATE TABLE audit_unsealed (
    unsealed_id bigint   GENERATED ALWAYS AS IDENTITY,
    entries     bigint[] NOT NULL,
    CONSTRAINT audit_unsealed_pkey PRIMARY KEY (unsealed_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
INSERT INTO audit_unsealed (entries)
SELECT array_agg(entry_id ORDER BY entry_id) FROM audit_unsealed_before GROUP BY entry_id / 1000;
DROP TABLE audit_unsealed_before;

CREATE OR REPLACE FUNCTION audit_queue_for_seal() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO audit_unsealed (entries)
    SELECT entries FROM (SELECT array_agg(entry_id ORDER BY entry_id) AS entries FROM added) AS together
     WHERE entries IS NOT NULL;
    RETURN NULL;
END $$;

-- An object's random id finds its entries by itself; the kind's name made the keys twice as long.
CREATE INDEX audit_entry_object_id ON audit_entry (object_id);
DROP INDEX audit_entry_object;
