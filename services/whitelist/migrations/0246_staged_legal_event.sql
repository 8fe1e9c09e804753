-- Legal-status events (法律状态事件) come as files too (0230, 0231). The asset is known when a row is staged; assets stay.
ALTER TABLE file_import
    DROP CONSTRAINT file_import_kind_known,
    ADD CONSTRAINT file_import_kind_known
        CHECK (kind IN ('ENTERPRISES', 'ASSETS', 'QUALIFICATIONS', 'PROVINCE_LIST', 'LEGAL_EVENTS'));

CREATE UNLOGGED TABLE staged_legal_event (
    import_id   uuid NOT NULL,
    row_no      int  NOT NULL,
    asset_id    uuid NOT NULL,
    code        text NOT NULL,
    happened_on date NOT NULL,
    reference   text NOT NULL,
    CONSTRAINT staged_legal_event_pkey PRIMARY KEY (import_id, row_no)
);
