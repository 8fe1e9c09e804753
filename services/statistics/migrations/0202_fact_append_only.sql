-- A figure that was once published must be countable again: facts are never changed or removed, whoever asks.
CREATE FUNCTION fact_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'facts are append-only' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'fact_append_only';
END
$$;

CREATE TRIGGER fact_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fact
    FOR EACH STATEMENT EXECUTE FUNCTION fact_refuse_change();
