-- Published lists (名单版本). A version is what changed since the one before; the whole list of a version is the last change
-- of each enterprise up to it. Nothing of it ever changes: names and codes are kept as they were published.
CREATE TABLE list_version (
    list         text        NOT NULL,
    version      bigint      NOT NULL,
    published_at timestamptz NOT NULL,
    items        int         NOT NULL,
    added        int         NOT NULL,
    removed      int         NOT NULL,
    changed      int         NOT NULL,
    digest       bytea       NOT NULL,
    CONSTRAINT list_version_pkey PRIMARY KEY (list, version),
    CONSTRAINT list_version_list_known CHECK (list IN ('ZONE', 'PROVINCE', 'UNION', 'INTERSECTION')),
    CONSTRAINT list_version_counts CHECK (version >= 1),
    CONSTRAINT list_version_digest_is_sha256 CHECK (octet_length(digest) = 32)
);
CREATE TRIGGER list_version_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON list_version
    FOR EACH STATEMENT EXECUTE FUNCTION screening_refuse_change();

CREATE TABLE list_change (
    list          text   NOT NULL,
    enterprise_id uuid   NOT NULL,
    version       bigint NOT NULL,
    change        text   NOT NULL,
    uscc          text   NOT NULL,
    name          text   NOT NULL,
    grade         text,
    -- Indicators in short, `A1+ B3?`, of the scorecard of that version.
    reasons       text   NOT NULL,
    card          int,
    source_level  text   NOT NULL,
    valid_to      date,
    entry_id      uuid,
    parent_id     uuid,
    CONSTRAINT list_change_pkey PRIMARY KEY (list, enterprise_id, version),
    CONSTRAINT list_change_version_fkey FOREIGN KEY (list, version) REFERENCES list_version,
    CONSTRAINT list_change_known CHECK (change IN ('ADDED', 'REMOVED', 'CHANGED')),
    CONSTRAINT list_change_grade_known CHECK (grade IN ('A', 'B', 'C', 'D')),
    CONSTRAINT list_change_level_known CHECK (source_level IN ('ZONE', 'PROVINCE'))
);
CREATE INDEX list_change_by_version ON list_change (list, version, enterprise_id);
CREATE TRIGGER list_change_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON list_change
    FOR EACH STATEMENT EXECUTE FUNCTION screening_refuse_change();

-- To whom a version was told, and whether they have taken note (C31). due_at is null while the calendar is missing.
CREATE TABLE list_delivery (
    list            text        NOT NULL,
    institution_id  uuid        NOT NULL,
    version         bigint      NOT NULL,
    told_at         timestamptz NOT NULL,
    due_at          timestamptz,
    acknowledged_at timestamptz,
    CONSTRAINT list_delivery_pkey PRIMARY KEY (list, institution_id, version),
    CONSTRAINT list_delivery_version_fkey FOREIGN KEY (list, version) REFERENCES list_version
);
CREATE INDEX list_delivery_open ON list_delivery (due_at) WHERE acknowledged_at IS NULL;
