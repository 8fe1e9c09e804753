-- Published lists (名单推送): which versions each institution was told of, and whether it has taken note. The event of it, kind
-- 10, belongs to no assignment.
CREATE TABLE list_told (
    institution_id  uuid        NOT NULL,
    list            smallint    NOT NULL,
    version         bigint      NOT NULL,
    told_at         timestamptz NOT NULL,
    acknowledged_at timestamptz,
    CONSTRAINT list_told_pkey PRIMARY KEY (institution_id, list, version),
    CONSTRAINT list_told_list_known CHECK (list BETWEEN 1 AND 4),
    CONSTRAINT list_told_version_counts CHECK (version >= 1)
);

ALTER TABLE event
    DROP CONSTRAINT event_kind_known,
    ADD CONSTRAINT event_kind_known CHECK (kind BETWEEN 1 AND 10);
