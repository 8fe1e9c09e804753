-- Consents (授权书). Only revocation ever changes a row; expiry follows from valid_to and is nobody's job.
CREATE TABLE consent (
    consent_id      uuid        NOT NULL,
    enterprise_id   uuid        NOT NULL,
    purpose         text        NOT NULL,
    categories      text[]      NOT NULL,
    recipients      uuid[]      NOT NULL,
    signed_at       timestamptz NOT NULL,
    valid_to        timestamptz NOT NULL,
    text_sha256     bytea       NOT NULL,
    evidence_sha256 bytea       NOT NULL,
    granted_at      timestamptz NOT NULL,
    revoked_at      timestamptz,
    CONSTRAINT consent_pkey PRIMARY KEY (consent_id),
    CONSTRAINT consent_enterprise_fkey FOREIGN KEY (enterprise_id) REFERENCES enterprise,
    CONSTRAINT consent_purpose_known CHECK (purpose IN ('IP_PLEDGE_FINANCING')),
    CONSTRAINT consent_categories_known CHECK (cardinality(categories) > 0
        AND categories <@ ARRAY['ENTERPRISE_PROFILE', 'FINANCIALS', 'CREDIT', 'IP_ASSETS']),
    CONSTRAINT consent_recipients_count CHECK (cardinality(recipients) <= 200),
    CONSTRAINT consent_period_ordered CHECK (signed_at < valid_to),
    CONSTRAINT consent_hashes_length CHECK (octet_length(text_sha256) = 32 AND octet_length(evidence_sha256) = 32)
);

CREATE INDEX consent_by_enterprise ON consent (enterprise_id);
