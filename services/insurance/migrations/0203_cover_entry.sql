-- What happened to a cover request, append-only: one entry for every version of it.
CREATE TABLE cover_entry (
    cover_id        uuid NOT NULL,
    version         bigint NOT NULL,
    at              timestamptz NOT NULL,
    kind            text NOT NULL,
    actor           text NOT NULL,
    leg_id          uuid,
    codes           text[] NOT NULL DEFAULT '{}',
    trace_id        text,
    PRIMARY KEY (cover_id, version)
);
CREATE FUNCTION cover_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'cover_entry is append-only'; END $$;
CREATE TRIGGER cover_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON cover_entry
    FOR EACH STATEMENT EXECUTE FUNCTION cover_entry_is_append_only();
