-- IP assets (知识产权). One right may be registered by each of its co-owners, but once by each.
CREATE TABLE ip_asset (
    asset_id      uuid        NOT NULL,
    enterprise_id uuid        NOT NULL,
    kind          text        NOT NULL,
    number        text        NOT NULL,
    title         text        NOT NULL,
    filed         date,
    granted       date,
    registered_at timestamptz NOT NULL,
    CONSTRAINT ip_asset_pkey PRIMARY KEY (asset_id),
    CONSTRAINT ip_asset_enterprise_fkey FOREIGN KEY (enterprise_id) REFERENCES enterprise,
    CONSTRAINT ip_asset_number_key UNIQUE (enterprise_id, kind, number),
    CONSTRAINT ip_asset_kind_known CHECK (kind IN ('INVENTION', 'UTILITY', 'DESIGN', 'TRADEMARK', 'GI_MARK',
        'GI_PRODUCT_SIGN', 'IC_LAYOUT', 'SOFTWARE', 'WORK', 'LICENSE_REVENUE', 'PLANT_VARIETY', 'DATA_IP')),
    CONSTRAINT ip_asset_number_length CHECK (char_length(number) BETWEEN 1 AND 64),
    CONSTRAINT ip_asset_title_length CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT ip_asset_dates_ordered CHECK (filed <= granted)
);

-- Pages of one enterprise's assets, in the order of their ids.
CREATE INDEX ip_asset_by_enterprise ON ip_asset (enterprise_id, asset_id);
