-- Consents beyond the financing case: other purposes and categories, on what ground and how they were given, and those of
-- persons. A person is kept as a keyed hash of the resident number and in masked form, never in the clear.
ALTER TABLE consent
    ADD COLUMN person_hash   bytea,
    ADD COLUMN person_masked text,
    ADD COLUMN legal_basis   text NOT NULL DEFAULT 'WRITTEN_CONSENT',
    ADD COLUMN channel       text NOT NULL DEFAULT 'PAPER',
    DROP CONSTRAINT consent_purpose_known,
    DROP CONSTRAINT consent_categories_known,
    ADD CONSTRAINT consent_purpose_known
        CHECK (purpose IN ('IP_PLEDGE_FINANCING', 'CREDIT_SCREENING', 'POST_LOAN', 'CASE_PUBLICATION')),
    ADD CONSTRAINT consent_categories_known CHECK (cardinality(categories) > 0
        AND categories <@ ARRAY['ENTERPRISE_PROFILE', 'FINANCIALS', 'CREDIT', 'IP_ASSETS', 'PERSONAL', 'LOANS']),
    ADD CONSTRAINT consent_person_whole CHECK ((person_hash IS NULL) = (person_masked IS NULL)
        AND octet_length(person_hash) = 32 AND char_length(person_masked) <= 32),
    -- What is personal is the person's to give (个人信息保护法).
    ADD CONSTRAINT consent_personal_by_person CHECK (person_hash IS NOT NULL OR NOT 'PERSONAL' = ANY (categories)),
    ADD CONSTRAINT consent_legal_basis_known
        CHECK (legal_basis IN ('WRITTEN_CONSENT', 'SEPARATE_CONSENT', 'CREDIT_AUTHORISATION')),
    ADD CONSTRAINT consent_channel_known CHECK (channel IN ('PAPER', 'ONLINE', 'BANK'));

-- One enterprise's consents in the order in which they were granted.
DROP INDEX consent_by_enterprise;
CREATE INDEX consent_by_enterprise ON consent (enterprise_id, consent_id);
