-- Files that were read (文件导入). One row for each reading; what was read waits in the staged_… tables (0231) until somebody
-- decides, and goes when it is decided or the time is over.
CREATE TABLE file_import (
    import_id      uuid        NOT NULL,
    kind           text        NOT NULL,
    format         text        NOT NULL,
    sha256         bytea       NOT NULL,
    bytes          bigint      NOT NULL,
    state          text        NOT NULL,
    rows_read      int         NOT NULL DEFAULT 0,
    rows_new       int         NOT NULL DEFAULT 0,
    rows_changed   int         NOT NULL DEFAULT 0,
    rows_unchanged int         NOT NULL DEFAULT 0,
    rows_faulty    int         NOT NULL DEFAULT 0,
    faults         bigint      NOT NULL DEFAULT 0,
    faults_cut     boolean     NOT NULL DEFAULT false,
    -- Whether rows of it may still be in the staged_… tables.
    staged         boolean     NOT NULL DEFAULT true,
    uploaded_by    text        NOT NULL,
    uploaded_at    timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    settled_at     timestamptz,
    CONSTRAINT file_import_pkey PRIMARY KEY (import_id),
    CONSTRAINT file_import_kind_known CHECK (kind IN ('ENTERPRISES', 'ASSETS', 'QUALIFICATIONS', 'PROVINCE_LIST')),
    CONSTRAINT file_import_format_known CHECK (format IN ('XLSX', 'CSV')),
    CONSTRAINT file_import_state_known CHECK (state IN ('READING', 'PREVIEWED', 'ACCEPTED', 'ACCEPTED_GOOD_ROWS',
        'DISCARDED', 'EXPIRED')),
    CONSTRAINT file_import_hash_length CHECK (octet_length(sha256) = 32),
    CONSTRAINT file_import_whole_without_faults CHECK (state <> 'ACCEPTED' OR faults = 0),
    CONSTRAINT file_import_settled CHECK ((state IN ('READING', 'PREVIEWED')) = (settled_at IS NULL)),
    CONSTRAINT file_import_rows_add_up CHECK (state = 'READING'
        OR rows_new + rows_changed + rows_unchanged + rows_faulty = rows_read)
);

-- The same file of the same kind is one import, as long as it waits or was taken whole.
CREATE UNIQUE INDEX file_import_once ON file_import (kind, sha256) WHERE state IN ('PREVIEWED', 'ACCEPTED');
-- What the clearing has to look at.
CREATE INDEX file_import_staged ON file_import (expires_at) WHERE staged;

-- Every fault of a file, by row and column. detail is a place, never what stands there.
CREATE TABLE file_fault (
    import_id uuid NOT NULL,
    fault_no  int  NOT NULL,
    row_no    int  NOT NULL,
    place     text NOT NULL,
    field     text NOT NULL,
    reason    text NOT NULL,
    detail    text NOT NULL,
    CONSTRAINT file_fault_pkey PRIMARY KEY (import_id, fault_no)
);
