-- Loan products (信贷产品). A version of terms once written never changes: an offer pins it.
CREATE TABLE product (
    product_id        uuid        NOT NULL,
    institution_id    uuid        NOT NULL,
    state             text        NOT NULL,
    newest_version    int         NOT NULL,
    published_version int,
    published_at      timestamptz,
    retired_at        timestamptz,
    revision          bigint      NOT NULL,
    created_at        timestamptz NOT NULL,
    CONSTRAINT product_pkey PRIMARY KEY (product_id),
    CONSTRAINT product_institution_fkey FOREIGN KEY (institution_id) REFERENCES institution,
    CONSTRAINT product_state_known CHECK (state IN ('DRAFT', 'PUBLISHED', 'RETIRED')),
    CONSTRAINT product_versions_count CHECK (newest_version >= 1 AND published_version BETWEEN 1 AND newest_version),
    CONSTRAINT product_published_whole CHECK ((published_version IS NULL) = (published_at IS NULL)),
    CONSTRAINT product_published_when CHECK (CASE state
        WHEN 'DRAFT' THEN published_version IS NULL
        WHEN 'PUBLISHED' THEN published_version IS NOT NULL
        ELSE true END),
    CONSTRAINT product_retired_when CHECK ((state = 'RETIRED') = (retired_at IS NOT NULL)),
    CONSTRAINT product_revision_counts CHECK (revision >= 1)
);

CREATE INDEX product_by_institution ON product (institution_id, product_id);
CREATE INDEX product_published ON product (product_id) WHERE state = 'PUBLISHED';

CREATE TABLE product_version (
    product_id        uuid        NOT NULL,
    version           int         NOT NULL,
    name              text        NOT NULL,
    regions           text[]      NOT NULL,
    parks             text[]      NOT NULL,
    sizes             text[]      NOT NULL,
    any_qualification text[]      NOT NULL,
    accepted_ip       text[]      NOT NULL,
    min_assets        int         NOT NULL,
    amount_min_fen    bigint      NOT NULL,
    amount_max_fen    bigint      NOT NULL,
    term_min_months   int         NOT NULL,
    term_max_months   int         NOT NULL,
    rate_kind         text        NOT NULL,
    rate_min_bp       int         NOT NULL,
    rate_max_bp       int         NOT NULL,
    repayment         text[]      NOT NULL,
    enhancement       text[]      NOT NULL,
    lowest_grade      text,
    written_at        timestamptz NOT NULL,
    CONSTRAINT product_version_pkey PRIMARY KEY (product_id, version),
    CONSTRAINT product_version_product_fkey FOREIGN KEY (product_id) REFERENCES product,
    CONSTRAINT product_version_counts CHECK (version >= 1),
    CONSTRAINT product_version_name_length CHECK (char_length(name) BETWEEN 1 AND 60),
    CONSTRAINT product_version_places_count CHECK (cardinality(regions) <= 100 AND cardinality(parks) <= 100),
    CONSTRAINT product_version_sizes_known CHECK (sizes <@ ARRAY['LARGE', 'MEDIUM', 'SMALL', 'MICRO']),
    CONSTRAINT product_version_qualifications_known CHECK (any_qualification <@ ARRAY['HNTE', 'TECH_SME', 'SRDI',
        'LITTLE_GIANT', 'INNOV_SME', 'IP_ADVANTAGE', 'IP_DEMO', 'IP_STRONG', 'IPMS_CERT', 'GREEN']),
    CONSTRAINT product_version_ip_known CHECK (cardinality(accepted_ip) > 0 AND accepted_ip <@ ARRAY['INVENTION',
        'UTILITY', 'DESIGN', 'TRADEMARK', 'GI_MARK', 'GI_PRODUCT_SIGN', 'IC_LAYOUT', 'SOFTWARE', 'WORK',
        'LICENSE_REVENUE', 'PLANT_VARIETY', 'DATA_IP']),
    CONSTRAINT product_version_min_assets_range CHECK (min_assets BETWEEN 1 AND 1000),
    CONSTRAINT product_version_amounts_range CHECK (
        amount_min_fen >= 1 AND amount_min_fen <= amount_max_fen AND amount_max_fen <= 30000000000),
    CONSTRAINT product_version_terms_range CHECK (
        term_min_months >= 1 AND term_min_months <= term_max_months AND term_max_months <= 120),
    CONSTRAINT product_version_rate_kind_known CHECK (rate_kind IN ('LPR_FLOAT', 'FIXED')),
    CONSTRAINT product_version_rates_ordered CHECK (rate_min_bp <= rate_max_bp),
    CONSTRAINT product_version_repayment_known CHECK (cardinality(repayment) > 0 AND repayment <@ ARRAY['ANNUITY',
        'EQUAL_PRINCIPAL', 'INTEREST_FIRST', 'BULLET', 'REVOLVING']),
    CONSTRAINT product_version_enhancement_known CHECK (cardinality(enhancement) > 0 AND enhancement <@ ARRAY['IP_ONLY',
        'IP_SURETY_INS', 'IP_CREDIT_INS', 'IP_GUARANTEE', 'IP_PERSONAL', 'IP_MIXED', 'IP_POOL']),
    CONSTRAINT product_version_grade_known CHECK (lowest_grade IN ('A', 'B', 'C', 'D'))
);
