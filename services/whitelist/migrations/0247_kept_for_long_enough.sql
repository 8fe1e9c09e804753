-- What platforms told is kept for six months, and for ever where a screening cites it (domain.md §7). Nobody, the owner
-- included, removes what is younger or cited: the reply that a result rests on can be shown as long as the result is.
DROP TRIGGER source_snapshot_append_only ON source_snapshot;
-- Not named as in tables that only grow: the login role may delete here, as far as the next one lets it.
CREATE TRIGGER source_snapshot_never_changes BEFORE UPDATE OR TRUNCATE ON source_snapshot
    FOR EACH STATEMENT EXECUTE FUNCTION source_snapshot_refuse_change();

CREATE FUNCTION source_snapshot_refuse_removal() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF OLD.fetched_at > now() - interval '6 months' OR EXISTS (SELECT FROM screening_result r
        WHERE r.enterprise_id = OLD.enterprise_id AND r.snapshots <> '{}' AND OLD.snapshot_id = ANY (r.snapshots))
    THEN
        RAISE EXCEPTION 'snapshots that are cited or younger than six months stay'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'source_snapshot_stays';
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER source_snapshot_stays BEFORE DELETE ON source_snapshot
    FOR EACH ROW EXECUTE FUNCTION source_snapshot_refuse_removal();

-- Who cites: results that cite nothing are not in it.
CREATE INDEX screening_result_citing ON screening_result (enterprise_id) WHERE snapshots <> '{}';
-- In the order in which they become old.
CREATE INDEX source_snapshot_by_age ON source_snapshot (fetched_at, snapshot_id);

-- Faults of settled files go after their time; how many there were stays with the import.
ALTER TABLE file_import ADD COLUMN faults_kept boolean NOT NULL DEFAULT true;
CREATE INDEX file_import_faults_kept ON file_import (settled_at) WHERE faults_kept AND settled_at IS NOT NULL;
