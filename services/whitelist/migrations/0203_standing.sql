-- Standings: what each screening found. A history, so that a decision can pin the revision that it saw.
CREATE TABLE standing (
    enterprise_id uuid        NOT NULL,
    revision      bigint      NOT NULL,
    listed        boolean     NOT NULL,
    grade         text,
    exclusions    text[]      NOT NULL,
    as_of         timestamptz NOT NULL,
    recorded_at   timestamptz NOT NULL,
    CONSTRAINT standing_pkey PRIMARY KEY (enterprise_id, revision),
    CONSTRAINT standing_enterprise_fkey FOREIGN KEY (enterprise_id) REFERENCES enterprise,
    CONSTRAINT standing_revision_counts CHECK (revision >= 1),
    CONSTRAINT standing_grade_known CHECK (grade IN ('A', 'B', 'C', 'D')),
    CONSTRAINT standing_exclusions_known CHECK (exclusions <@ ARRAY['HX01', 'HX02', 'HX03', 'HX04', 'HX05', 'HX06',
        'HX07', 'HX08', 'HX09', 'HX10', 'HX11', 'HX12', 'HX13', 'HX14', 'HX15']),
    -- A hard exclusion always wins, and listing needs 60 points.
    CONSTRAINT standing_listing_deserved CHECK (NOT listed OR (cardinality(exclusions) = 0 AND grade IS NOT NULL
        AND grade <> 'D'))
);
