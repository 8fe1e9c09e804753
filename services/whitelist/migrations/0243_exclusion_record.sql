-- Hard exclusions that a person has established (HX11, and whatever no source tells), and their end. Only the cure changes a
-- row, once.
CREATE TABLE exclusion_record (
    exclusion_id    uuid        NOT NULL,
    enterprise_id   uuid        NOT NULL,
    number          int         NOT NULL,
    evidence_sha256 bytea       NOT NULL,
    recorded_at     timestamptz NOT NULL,
    cure_sha256     bytea,
    cured_at        timestamptz,
    CONSTRAINT exclusion_record_pkey PRIMARY KEY (exclusion_id),
    CONSTRAINT exclusion_record_enterprise_fkey FOREIGN KEY (enterprise_id) REFERENCES enterprise,
    CONSTRAINT exclusion_record_number_known CHECK (number BETWEEN 1 AND 15),
    CONSTRAINT exclusion_record_hashes_length CHECK (octet_length(evidence_sha256) = 32
        AND octet_length(cure_sha256) = 32),
    CONSTRAINT exclusion_record_cure_whole CHECK ((cured_at IS NULL) = (cure_sha256 IS NULL))
);
CREATE INDEX exclusion_record_by_enterprise ON exclusion_record (enterprise_id);
