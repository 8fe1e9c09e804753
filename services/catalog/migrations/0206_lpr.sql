-- The loan prime rate (LPR) as published, in basis points. It has priced loans, so nothing of it is ever changed; a new
-- month is a new row. The rows here are the history of domain.md §4.2.
CREATE TABLE lpr (
    published_on    date        NOT NULL,
    one_year_bp     int         NOT NULL,
    five_years_bp   int         NOT NULL,
    recorded_at     timestamptz NOT NULL,
    recorded_by     text        NOT NULL,
    CONSTRAINT lpr_pkey PRIMARY KEY (published_on),
    CONSTRAINT lpr_rates_range CHECK (one_year_bp BETWEEN 1 AND 10000 AND five_years_bp BETWEEN 1 AND 10000)
);

INSERT INTO lpr
    SELECT on_day, one_year, five_years, on_day::timestamp AT TIME ZONE 'Asia/Shanghai', 'role:catalog' FROM (VALUES
        (date '2021-12-20', 380, 465),
        (date '2022-01-20', 370, 460),
        (date '2022-05-20', 370, 445),
        (date '2022-08-22', 365, 430),
        (date '2023-06-20', 355, 420),
        (date '2023-08-21', 345, 420),
        (date '2024-02-20', 345, 395),
        (date '2024-07-22', 335, 385),
        (date '2024-10-21', 310, 360),
        (date '2025-05-20', 300, 350)) AS history (on_day, one_year, five_years);

CREATE FUNCTION lpr_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'published rates are append-only'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'lpr_append_only';
END
$$;

CREATE TRIGGER lpr_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON lpr
    FOR EACH STATEMENT EXECUTE FUNCTION lpr_refuse_change();
