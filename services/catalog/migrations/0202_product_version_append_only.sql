-- Offers pin a version of a product's terms, so a version is never changed or removed, whoever asks.
CREATE FUNCTION product_version_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'versions of product terms are append-only'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'product_version_append_only';
END
$$;

CREATE TRIGGER product_version_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON product_version
    FOR EACH STATEMENT EXECUTE FUNCTION product_version_refuse_change();
