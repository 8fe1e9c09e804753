-- Who did what to which object, for which purpose, with which result. Rows are never changed or removed.
CREATE TABLE audit_entry (
    entry_id    bigint      GENERATED ALWAYS AS IDENTITY,
    at          timestamptz NOT NULL,
    issuer      text        NOT NULL,
    actor       text        NOT NULL,
    person      text,
    action      text        NOT NULL,
    object_kind text        NOT NULL,
    object_id   uuid        NOT NULL,
    purpose     text        NOT NULL,
    result      text        NOT NULL,
    trace_id    text,
    CONSTRAINT audit_entry_pk PRIMARY KEY (entry_id),
    CONSTRAINT audit_entry_trace_id_is_hex CHECK (trace_id ~ '^[0-9a-f]{32}$')
);
CREATE INDEX audit_entry_object ON audit_entry (object_kind, object_id);

-- The hash chain. It has a sequence of its own, without gaps, because entries may commit out of the order of their
-- ids; business transactions never wait for it.
CREATE TABLE audit_seal (
    seal_no   bigint      NOT NULL,
    entry_id  bigint      NOT NULL,
    previous  bytea       NOT NULL,
    hash      bytea       NOT NULL,
    sealed_at timestamptz NOT NULL,
    CONSTRAINT audit_seal_pk PRIMARY KEY (seal_no),
    CONSTRAINT audit_seal_entry_once UNIQUE (entry_id),
    CONSTRAINT audit_seal_entry_exists FOREIGN KEY (entry_id) REFERENCES audit_entry (entry_id),
    CONSTRAINT audit_seal_hashes_are_sha256 CHECK (octet_length(previous) = 32 AND octet_length(hash) = 32),
    CONSTRAINT audit_seal_no_positive CHECK (seal_no > 0)
);

-- Entries that wait for the sealer. A transaction that commits late brings its row with it, so none is passed over.
CREATE TABLE audit_unsealed (
    entry_id bigint NOT NULL,
    CONSTRAINT audit_unsealed_pk PRIMARY KEY (entry_id)
);
ALTER TABLE audit_unsealed SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
