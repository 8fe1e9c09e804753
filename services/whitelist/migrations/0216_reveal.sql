-- Who was shown what every other answer masks, and why (明文查看). Never what was shown. Only added to.
CREATE TABLE reveal (
    reveal_id     uuid        NOT NULL,
    enterprise_id uuid        NOT NULL,
    fields        text[]      NOT NULL,
    reason        text        NOT NULL,
    actor         text        NOT NULL,
    revealed_at   timestamptz NOT NULL,
    CONSTRAINT reveal_pkey PRIMARY KEY (reveal_id),
    CONSTRAINT reveal_enterprise_fkey FOREIGN KEY (enterprise_id) REFERENCES enterprise,
    CONSTRAINT reveal_fields_known CHECK (cardinality(fields) > 0
        AND fields <@ ARRAY['LEGAL_REP', 'CONTACTS', 'FINANCIALS', 'USCC', 'ASSET_PARTIES']),
    CONSTRAINT reveal_reason_length CHECK (char_length(reason) BETWEEN 4 AND 200)
);
CREATE INDEX reveal_by_enterprise ON reveal (enterprise_id, reveal_id);

CREATE FUNCTION reveal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'reveals are append-only' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'reveal_append_only';
END
$$;
CREATE TRIGGER reveal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reveal
    FOR EACH STATEMENT EXECUTE FUNCTION reveal_refuse_change();
