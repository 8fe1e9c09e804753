-- A standing once recorded may have decided a case: it is never changed or removed, whoever asks.
CREATE FUNCTION standing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'standings are append-only'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'standing_append_only';
END
$$;

CREATE TRIGGER standing_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON standing
    FOR EACH STATEMENT EXECUTE FUNCTION standing_refuse_change();
