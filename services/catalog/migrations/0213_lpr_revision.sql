-- A mistyped LPR would price every quote of its day for ever, so a day may have later revisions, and one prices only when a
-- second person has confirmed it: the newest confirmed revision of a day counts. Rows are still never changed. What is on
-- record now has priced loans, and counts as confirmed.
ALTER TABLE lpr
    ADD COLUMN revision int NOT NULL DEFAULT 1,
    DROP CONSTRAINT lpr_pkey,
    ADD CONSTRAINT lpr_pkey PRIMARY KEY (published_on, revision),
    ADD CONSTRAINT lpr_revision_counts CHECK (revision >= 1);
ALTER TABLE lpr ALTER COLUMN revision DROP DEFAULT;

CREATE TABLE lpr_confirmation (
    published_on date        NOT NULL,
    revision     int         NOT NULL,
    confirmed_at timestamptz NOT NULL,
    confirmed_by text        NOT NULL,
    CONSTRAINT lpr_confirmation_pkey PRIMARY KEY (published_on, revision),
    CONSTRAINT lpr_confirmation_lpr_fkey FOREIGN KEY (published_on, revision) REFERENCES lpr
);

INSERT INTO lpr_confirmation SELECT published_on, revision, recorded_at, 'role:catalog' FROM lpr;

CREATE TRIGGER lpr_confirmation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON lpr_confirmation
    FOR EACH STATEMENT EXECUTE FUNCTION lpr_refuse_change();
