-- The terms of domain.md §4.2 beyond those that products are matched on. Versions that were written before have what the
-- general practice is; a version is still never changed.
ALTER TABLE product_version
    ADD COLUMN product_code       text    NOT NULL DEFAULT '',
    ADD COLUMN lpr_tenor          text,
    ADD COLUMN rate_reset         text    NOT NULL DEFAULT 'NONE',
    ADD COLUMN cap_types          text[]  NOT NULL DEFAULT '{}',
    ADD COLUMN cap_bp             int[]   NOT NULL DEFAULT '{}',
    ADD COLUMN portfolio_cap_bp   int     NOT NULL DEFAULT 5000,
    ADD COLUMN interest_basis     int     NOT NULL DEFAULT 360,
    ADD COLUMN settle_day         int     NOT NULL DEFAULT 20,
    ADD COLUMN guarantee_required boolean NOT NULL DEFAULT false,
    ADD COLUMN evaluation         text    NOT NULL DEFAULT 'EITHER',
    ADD COLUMN fee_codes          text[]  NOT NULL DEFAULT '{}',
    ADD COLUMN fee_kinds          text[]  NOT NULL DEFAULT '{}',
    ADD COLUMN fee_amounts_fen    bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN fee_rates_bp       int[]   NOT NULL DEFAULT '{}',
    ADD COLUMN prepay_penalty_bp  int     NOT NULL DEFAULT 0,
    ADD COLUMN first_loan_ok      boolean NOT NULL DEFAULT true,
    ADD COLUMN renewal_ok         boolean NOT NULL DEFAULT false,
    ADD COLUMN line_type          text    NOT NULL DEFAULT 'SINGLE',
    ADD COLUMN sla_response_wd    int     NOT NULL DEFAULT 3,
    ADD COLUMN sla_offer_wd       int     NOT NULL DEFAULT 5,
    ADD COLUMN sla_approval_wd    int     NOT NULL DEFAULT 5,
    ADD COLUMN department         text,
    ADD COLUMN channels           text[]  NOT NULL DEFAULT '{OFFLINE}',
    ADD COLUMN effective_from     date,
    ADD COLUMN effective_to       date,
    ADD CONSTRAINT product_version_code_form CHECK (product_code ~ '^[A-Za-z0-9_.-]{0,32}$'),
    ADD CONSTRAINT product_version_tenor_known CHECK (lpr_tenor IN ('ONE_YEAR', 'FIVE_YEARS')),
    ADD CONSTRAINT product_version_reset_known CHECK (rate_reset IN ('NONE', 'YEARLY')),
    ADD CONSTRAINT product_version_caps_whole CHECK (cardinality(cap_types) = cardinality(cap_bp)
        AND 1 <= ALL (cap_bp) AND 10000 >= ALL (cap_bp)),
    ADD CONSTRAINT product_version_portfolio_range CHECK (portfolio_cap_bp BETWEEN 1 AND 10000),
    ADD CONSTRAINT product_version_basis_known CHECK (interest_basis IN (360, 365)),
    ADD CONSTRAINT product_version_settle_day_range CHECK (settle_day BETWEEN 1 AND 28),
    ADD CONSTRAINT product_version_guarantee_offered CHECK (
        NOT guarantee_required OR NOT enhancement @> ARRAY['IP_ONLY']),
    ADD CONSTRAINT product_version_evaluation_known CHECK (evaluation IN ('INTERNAL', 'EXTERNAL', 'EITHER')),
    ADD CONSTRAINT product_version_fees_whole CHECK (cardinality(fee_codes) <= 20
        AND cardinality(fee_codes) = cardinality(fee_kinds) AND cardinality(fee_codes) = cardinality(fee_amounts_fen)
        AND cardinality(fee_codes) = cardinality(fee_rates_bp)),
    ADD CONSTRAINT product_version_penalty_range CHECK (prepay_penalty_bp BETWEEN 0 AND 1000),
    ADD CONSTRAINT product_version_line_known CHECK (line_type IN ('SINGLE', 'GROUP')),
    ADD CONSTRAINT product_version_sla_range CHECK (sla_response_wd BETWEEN 1 AND 60 AND sla_offer_wd BETWEEN 1 AND 60
        AND sla_approval_wd BETWEEN 1 AND 60),
    ADD CONSTRAINT product_version_department_length CHECK (char_length(department) BETWEEN 1 AND 100),
    ADD CONSTRAINT product_version_channels_known CHECK (
        cardinality(channels) > 0 AND channels <@ ARRAY['OFFLINE', 'XYD']),
    ADD CONSTRAINT product_version_effective_ordered CHECK (effective_from <= effective_to);
