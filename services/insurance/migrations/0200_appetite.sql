-- What an insurer or guarantor is ready to cover (承保意愿): one row each, the newest declaration. Who changed it when is
-- in the audit rows.
CREATE TABLE appetite (
    institution_id  uuid PRIMARY KEY,
    role            smallint NOT NULL CHECK (role IN (2, 3)),
    -- Codes of EnhancementMode.
    kinds           text[] NOT NULL CHECK (cardinality(kinds) > 0),
    amount_min_fen  bigint NOT NULL CHECK (amount_min_fen BETWEEN 1 AND 30000000000),
    amount_max_fen  bigint NOT NULL CHECK (amount_max_fen BETWEEN amount_min_fen AND 30000000000),
    term_max_months smallint NOT NULL CHECK (term_max_months BETWEEN 1 AND 120),
    parks           text[] NOT NULL,
    sizes           text[] NOT NULL,
    lowest_grade    smallint CHECK (lowest_grade BETWEEN 1 AND 4),
    core_solvency_bp          integer NOT NULL CHECK (core_solvency_bp >= 0),
    comprehensive_solvency_bp integer NOT NULL CHECK (comprehensive_solvency_bp >= 0),
    government_backed boolean NOT NULL,
    suspended       boolean NOT NULL,
    set_at          timestamptz NOT NULL
);
