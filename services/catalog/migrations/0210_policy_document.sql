-- Banks' internal rules (内部制度, C16). A newer one replaces an older one by its date; the older one stays on record.
CREATE TABLE policy_document (
    document_id    uuid        NOT NULL,
    institution_id uuid        NOT NULL,
    kind           text        NOT NULL,
    title          text        NOT NULL,
    issued_on      date        NOT NULL,
    repealed_on    date,
    file_sha256    bytea       NOT NULL,
    filed_at       timestamptz NOT NULL,
    CONSTRAINT policy_document_pkey PRIMARY KEY (document_id),
    CONSTRAINT policy_document_institution_fkey FOREIGN KEY (institution_id) REFERENCES institution,
    CONSTRAINT policy_document_kind_known CHECK (kind IN ('RISK_ASSESSMENT', 'CREDIT_REVIEW', 'DILIGENCE_EXEMPTION',
        'INCENTIVE', 'REWARD_PENALTY')),
    CONSTRAINT policy_document_title_length CHECK (char_length(title) BETWEEN 1 AND 100),
    CONSTRAINT policy_document_repealed_later CHECK (repealed_on > issued_on),
    CONSTRAINT policy_document_file_is_sha256 CHECK (octet_length(file_sha256) = 32)
);

CREATE INDEX policy_document_of_institution ON policy_document (institution_id, kind);
