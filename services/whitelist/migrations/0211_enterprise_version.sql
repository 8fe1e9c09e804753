-- An enterprise with its qualifications in one row, in the order in which they were given.
CREATE VIEW enterprise_whole AS
    SELECT e.enterprise_id, e.uscc, e.name, e.size, e.industry, e.park, e.region, e.registered_at, e.version, e.amended_at,
        e.former_names, e.established_on, e.reg_capital, e.legal_rep, e.contact_names, e.contact_phones, e.contact_emails,
        e.staff, e.rd_staff, e.accounts_year, e.revenue, e.rd_spend, e.net_profit, e.total_assets, e.total_liabilities,
        e.tax_grade, e.platform_link, q.codes, q.numbers, q.levels, q.valid_from, q.valid_to
    FROM enterprise e
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(code ORDER BY position), '{}') AS codes,
            coalesce(array_agg(number ORDER BY position), '{}') AS numbers,
            coalesce(array_agg(coalesce(level, '') ORDER BY position), '{}') AS levels,
            coalesce(array_agg(valid_from ORDER BY position), '{}') AS valid_from,
            coalesce(array_agg(valid_to ORDER BY position), '{}') AS valid_to
        FROM qualification WHERE qualification.enterprise_id = e.enterprise_id) q;

-- What an amendment replaced. A screening pins the version that it saw, and that version stays readable for ever: the
-- one that holds is in enterprise, those before it are here.
CREATE TABLE enterprise_version AS SELECT * FROM enterprise_whole WITH NO DATA;
ALTER TABLE enterprise_version
    ADD COLUMN superseded_at timestamptz NOT NULL DEFAULT now(),
    ALTER COLUMN enterprise_id SET NOT NULL,
    ALTER COLUMN version SET NOT NULL,
    ADD CONSTRAINT enterprise_version_pkey PRIMARY KEY (enterprise_id, version),
    ADD CONSTRAINT enterprise_version_enterprise_fkey FOREIGN KEY (enterprise_id) REFERENCES enterprise;

CREATE FUNCTION enterprise_version_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'versions of enterprises are append-only'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'enterprise_version_append_only';
END
$$;
CREATE TRIGGER enterprise_version_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON enterprise_version
    FOR EACH STATEMENT EXECUTE FUNCTION enterprise_version_refuse_change();

-- Nothing is overwritten: the row as it stood, with its qualifications, goes to the history before the update. So the
-- enterprise is updated first and its qualifications after, and whoever updates counts the version up by one.
CREATE FUNCTION enterprise_keep_version() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'an amended enterprise has the next version'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'enterprise_version_next';
    END IF;
    INSERT INTO enterprise_version SELECT * FROM enterprise_whole WHERE enterprise_id = OLD.enterprise_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER enterprise_keep_version BEFORE UPDATE ON enterprise
    FOR EACH ROW EXECUTE FUNCTION enterprise_keep_version();
