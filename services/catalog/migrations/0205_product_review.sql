-- A version of terms comes into force only after a second person's review (domain.md §3.2 d). `state` says what is in
-- force (DRAFT: nothing ever was); the columns `pending_…` are the one version on its way.
ALTER TABLE product
    ADD COLUMN suspended_at      timestamptz,
    ADD COLUMN pending_version   int,
    ADD COLUMN pending_stage     text,
    ADD COLUMN pending_author    text,
    ADD COLUMN pending_submitter text,
    ADD COLUMN pending_from      date;

-- Until now a draft had no author on record: nobody is barred from reviewing it.
UPDATE product SET pending_version = newest_version, pending_stage = 'DRAFT', pending_author = 'role:catalog'
    WHERE state <> 'RETIRED' AND newest_version > coalesce(published_version, 0);

ALTER TABLE product
    DROP CONSTRAINT product_state_known,
    DROP CONSTRAINT product_published_when,
    ADD CONSTRAINT product_state_known CHECK (state IN ('DRAFT', 'PUBLISHED', 'SUSPENDED', 'RETIRED')),
    ADD CONSTRAINT product_published_when CHECK (CASE state
        WHEN 'DRAFT' THEN published_version IS NULL AND pending_version IS NOT NULL
        WHEN 'RETIRED' THEN pending_version IS NULL
        ELSE published_version IS NOT NULL END),
    ADD CONSTRAINT product_suspended_when CHECK ((state = 'SUSPENDED') = (suspended_at IS NOT NULL)),
    ADD CONSTRAINT product_pending_whole CHECK ((pending_version IS NULL) = (pending_stage IS NULL)
        AND (pending_version IS NULL) = (pending_author IS NULL)
        AND (pending_submitter IS NULL OR pending_version IS NOT NULL)),
    ADD CONSTRAINT product_pending_newest CHECK (pending_version = newest_version),
    ADD CONSTRAINT product_pending_stage_known CHECK (
        pending_stage IN ('DRAFT', 'IN_REVIEW', 'RETURNED', 'APPROVED', 'SCHEDULED')),
    ADD CONSTRAINT product_pending_from_when CHECK (
        (pending_stage IS NOT DISTINCT FROM 'SCHEDULED') = (pending_from IS NOT NULL));

-- What waits for a reviewer.
CREATE INDEX product_in_review ON product (product_id) WHERE pending_stage = 'IN_REVIEW';

-- Who did what to a product. Never changed.
CREATE TABLE product_act (
    product_id uuid        NOT NULL,
    revision   bigint      NOT NULL,
    version    int         NOT NULL,
    act        text        NOT NULL,
    actor      text        NOT NULL,
    text       text        NOT NULL,
    at         timestamptz NOT NULL,
    CONSTRAINT product_act_pkey PRIMARY KEY (product_id, revision),
    CONSTRAINT product_act_product_fkey FOREIGN KEY (product_id) REFERENCES product,
    CONSTRAINT product_act_text_length CHECK (char_length(text) <= 500)
);

CREATE FUNCTION product_act_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the acts on a product are append-only'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'product_act_append_only';
END
$$;

CREATE TRIGGER product_act_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON product_act
    FOR EACH STATEMENT EXECUTE FUNCTION product_act_refuse_change();

-- What is to happen to a product on a day: a version takes effect, or its last day is over. However late it is taken.
CREATE TABLE product_deadline (
    product_id uuid        NOT NULL,
    kind       text        NOT NULL,
    version    int         NOT NULL,
    due_at     timestamptz NOT NULL,
    CONSTRAINT product_deadline_pkey PRIMARY KEY (product_id, kind),
    CONSTRAINT product_deadline_product_fkey FOREIGN KEY (product_id) REFERENCES product,
    CONSTRAINT product_deadline_kind_known CHECK (kind IN ('EFFECT', 'END'))
);

CREATE INDEX product_deadline_due ON product_deadline (due_at);
