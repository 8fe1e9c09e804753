-- What else is known of an IP asset (domain.md §4.3). Missing is not zero: NULL.
-- owner_*: who owns it, each with a share in basis points; none named means that the enterprise owns it alone. An owner
-- outside of the register (the association of a geographical indication) is named by USCC or by name.
-- nice_class 0: no class stated. One trademark number stands for one right in each of its classes.
ALTER TABLE ip_asset
    ADD COLUMN version           int     NOT NULL DEFAULT 1,
    ADD COLUMN amended_at        timestamptz,
    ADD COLUMN owner_usccs       text[]  NOT NULL DEFAULT '{}',
    ADD COLUMN owner_names       text[]  NOT NULL DEFAULT '{}',
    ADD COLUMN owner_shares      int[]   NOT NULL DEFAULT '{}',
    ADD COLUMN inventors         int,
    ADD COLUMN first_use         date,
    ADD COLUMN created_on        date,
    ADD COLUMN renewed_to        date,
    ADD COLUMN annuity_paid_to   date,
    ADD COLUMN ipc_main          text,
    ADD COLUMN nice_class        int     NOT NULL DEFAULT 0,
    ADD COLUMN product_link      text,
    ADD COLUMN revenue_share     int,
    ADD COLUMN family_size       int,
    ADD COLUMN citations         int,
    ADD COLUMN litigation_proven boolean,
    ADD COLUMN high_value        text[]  NOT NULL DEFAULT '{}',
    ADD COLUMN acquired_from     text,
    ADD COLUMN acquired_on       date,
    DROP CONSTRAINT ip_asset_number_key,
    ADD CONSTRAINT ip_asset_number_key UNIQUE (enterprise_id, kind, number, nice_class),
    ADD CONSTRAINT ip_asset_version_counts CHECK (version >= 1),
    ADD CONSTRAINT ip_asset_owners_whole CHECK (cardinality(owner_usccs) <= 50
        AND cardinality(owner_names) = cardinality(owner_usccs)
        AND cardinality(owner_shares) = cardinality(owner_usccs)),
    ADD CONSTRAINT ip_asset_numbers_not_negative CHECK (inventors >= 0 AND family_size >= 0 AND citations >= 0),
    ADD CONSTRAINT ip_asset_revenue_share_part CHECK (revenue_share BETWEEN 0 AND 10000),
    ADD CONSTRAINT ip_asset_nice_class_known CHECK (nice_class BETWEEN 0 AND 45),
    ADD CONSTRAINT ip_asset_nice_class_of_marks CHECK (nice_class = 0 OR kind IN ('TRADEMARK', 'GI_MARK')),
    ADD CONSTRAINT ip_asset_high_value_known CHECK (high_value <@ ARRAY['STRATEGIC_INDUSTRY', 'OVERSEAS_FAMILY',
        'LONG_MAINTAINED', 'PLEDGED_HIGH', 'AWARDED']);
