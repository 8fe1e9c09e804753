-- The five-party timeline (五方时间线), append-only: one entry for every version of a case.
CREATE TABLE case_entry (
    case_id         uuid NOT NULL,
    version         bigint NOT NULL,
    at              timestamptz NOT NULL,
    kind            text NOT NULL,
    party           text NOT NULL CHECK (party IN ('GOV','ENTERPRISE','BANK','INSURER','SERVICE')),
    actor           text NOT NULL,
    leg_id          uuid,
    codes           text[] NOT NULL DEFAULT '{}',
    trace_id        text,
    PRIMARY KEY (case_id, version)
);
CREATE FUNCTION case_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'case_entry is append-only'; END $$;
CREATE TRIGGER case_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON case_entry
    FOR EACH STATEMENT EXECUTE FUNCTION case_entry_is_append_only();
