-- The audit tables allow no UPDATE, DELETE or TRUNCATE, for the owner neither. By the ending of the triggers' names the
-- migration run knows the tables on which the login role is not granted them at all.
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is not allowed: audit rows are append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

-- One statement's entries are put up for sealing at once.
CREATE FUNCTION audit_queue_for_seal() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO audit_unsealed (entry_id) SELECT entry_id FROM added;
    RETURN NULL;
END $$;

CREATE TRIGGER audit_entry_queue_for_seal AFTER INSERT ON audit_entry
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION audit_queue_for_seal();
