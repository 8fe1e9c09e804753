-- What an amendment of an asset replaced, as for enterprises (0211). Events are a history by themselves.
CREATE TABLE ip_asset_version AS SELECT * FROM ip_asset_whole WITH NO DATA;
ALTER TABLE ip_asset_version
    ADD COLUMN superseded_at timestamptz NOT NULL DEFAULT now(),
    ALTER COLUMN asset_id SET NOT NULL,
    ALTER COLUMN version SET NOT NULL,
    ADD CONSTRAINT ip_asset_version_pkey PRIMARY KEY (asset_id, version),
    ADD CONSTRAINT ip_asset_version_asset_fkey FOREIGN KEY (asset_id) REFERENCES ip_asset;

CREATE FUNCTION ip_asset_version_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'versions of IP assets are append-only'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ip_asset_version_append_only';
END
$$;
CREATE TRIGGER ip_asset_version_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ip_asset_version
    FOR EACH STATEMENT EXECUTE FUNCTION ip_asset_version_refuse_change();

CREATE FUNCTION ip_asset_keep_version() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'an amended asset has the next version'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ip_asset_version_next';
    END IF;
    INSERT INTO ip_asset_version SELECT * FROM ip_asset_whole WHERE asset_id = OLD.asset_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER ip_asset_keep_version BEFORE UPDATE ON ip_asset
    FOR EACH ROW EXECUTE FUNCTION ip_asset_keep_version();
