-- What the platforms outside (信用中国, 信用河南, 信用济源, 国家知识产权质押信息平台) told, byte for byte: a decision cites the
-- snapshot that it saw. A reply that could not be read is kept too, with what was wrong with it, and says nothing.
-- findings is what the parser of parser_version read; consent_id under which consent it was asked.
CREATE TABLE source_snapshot (
    snapshot_id    uuid        NOT NULL,
    enterprise_id  uuid        NOT NULL,
    source         text        NOT NULL,
    fetched_at     timestamptz NOT NULL,
    sha256         bytea       NOT NULL,
    raw            bytea       NOT NULL,
    parser_version int         NOT NULL,
    fault          text,
    as_of          date,
    findings       jsonb,
    consent_id     uuid,
    CONSTRAINT source_snapshot_pkey PRIMARY KEY (snapshot_id),
    CONSTRAINT source_snapshot_enterprise_fkey FOREIGN KEY (enterprise_id) REFERENCES enterprise,
    CONSTRAINT source_snapshot_consent_fkey FOREIGN KEY (consent_id) REFERENCES consent,
    CONSTRAINT source_snapshot_source_known
        CHECK (source IN ('CREDIT_CHINA', 'CREDIT_HENAN', 'CREDIT_JIYUAN', 'PLEDGE_PLATFORM')),
    CONSTRAINT source_snapshot_sha256_length CHECK (octet_length(sha256) = 32),
    CONSTRAINT source_snapshot_raw_bounded CHECK (octet_length(raw) <= 1048576),
    -- Either it was read, or something was wrong with it: there is no reading of nothing.
    CONSTRAINT source_snapshot_read_or_faulty CHECK ((fault IS NULL) = (findings IS NOT NULL)
        AND (findings IS NULL) = (as_of IS NULL))
);
-- The latest that was read, by enterprise and source.
CREATE INDEX source_snapshot_latest ON source_snapshot (enterprise_id, source, fetched_at) WHERE fault IS NULL;

CREATE FUNCTION source_snapshot_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'snapshots are append-only'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'source_snapshot_append_only';
END
$$;
CREATE TRIGGER source_snapshot_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON source_snapshot
    FOR EACH STATEMENT EXECUTE FUNCTION source_snapshot_refuse_change();
