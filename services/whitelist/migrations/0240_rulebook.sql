-- What screenings go by (评分卡, 排除规则), as data: versions of a text that is checked as a whole before it is stored. A
-- version is never changed: a run names the ones that it went by, for ever.
CREATE TABLE rulebook (
    kind        text        NOT NULL,
    version     int         NOT NULL,
    active_from date        NOT NULL,
    body        text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT rulebook_pkey PRIMARY KEY (kind, version),
    CONSTRAINT rulebook_kind_known CHECK (kind IN ('SCORECARD', 'EXCLUSIONS')),
    CONSTRAINT rulebook_version_counts CHECK (version >= 1),
    CONSTRAINT rulebook_body_length CHECK (octet_length(body) BETWEEN 1 AND 65536)
);

CREATE FUNCTION screening_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only';
END
$$;
CREATE TRIGGER rulebook_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rulebook
    FOR EACH STATEMENT EXECUTE FUNCTION screening_refuse_change();
