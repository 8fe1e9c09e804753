-- What the gazette and the register told of an asset (法律状态事件): folded, in the order of their dates, into what the
-- asset may be used for. Only added to; the same event told twice is one event.
CREATE TABLE ip_asset_event (
    event_id    bigint      GENERATED ALWAYS AS IDENTITY,
    asset_id    uuid        NOT NULL,
    code        text        NOT NULL,
    happened_on date        NOT NULL,
    reference   text        NOT NULL DEFAULT '',
    source      text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT ip_asset_event_pkey PRIMARY KEY (event_id),
    CONSTRAINT ip_asset_event_asset_fkey FOREIGN KEY (asset_id) REFERENCES ip_asset,
    CONSTRAINT ip_asset_event_once UNIQUE (asset_id, code, happened_on, reference),
    CONSTRAINT ip_asset_event_code_known CHECK (code IN ('PE01', 'PM01', 'PC01', 'PP01', 'PD01', 'TR01', 'EE01', 'EM01',
        'EC01', 'IP', 'IW', 'CF01', 'CX01', 'TD01', 'TD02', 'IR01', 'IR02')),
    CONSTRAINT ip_asset_event_reference_length CHECK (char_length(reference) <= 64),
    CONSTRAINT ip_asset_event_source_known CHECK (source IN ('DESK', 'IMPORT', 'PLEDGE_PLATFORM'))
);

CREATE FUNCTION ip_asset_event_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events of IP assets are append-only'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ip_asset_event_append_only';
END
$$;
CREATE TRIGGER ip_asset_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ip_asset_event
    FOR EACH STATEMENT EXECUTE FUNCTION ip_asset_event_refuse_change();

-- An asset with its events in one row, in the order in which they happened.
CREATE VIEW ip_asset_whole AS
    SELECT a.asset_id, a.enterprise_id, a.kind, a.number, a.title, a.filed, a.granted, a.registered_at, a.version,
        a.amended_at, a.owner_usccs, a.owner_names, a.owner_shares, a.inventors, a.first_use, a.created_on, a.renewed_to,
        a.annuity_paid_to, a.ipc_main, a.nice_class, a.product_link, a.revenue_share, a.family_size, a.citations,
        a.litigation_proven, a.high_value, a.acquired_from, a.acquired_on, e.event_codes, e.event_days,
        e.event_references
    FROM ip_asset a
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(code ORDER BY happened_on, event_id), '{}') AS event_codes,
            coalesce(array_agg(happened_on ORDER BY happened_on, event_id), '{}') AS event_days,
            coalesce(array_agg(reference ORDER BY happened_on, event_id), '{}') AS event_references
        FROM ip_asset_event WHERE ip_asset_event.asset_id = a.asset_id) e;
