-- Products on the 信易贷 platform (C32): one row for each product that was ever to be seen there. `due_at` is the next
-- attempt; a process that takes one up moves it on first, so that no two work on one product.
CREATE TABLE xyd_publication (
    product_id   uuid        NOT NULL,
    state        text        NOT NULL,
    version      int         NOT NULL,
    sequence     bigint      NOT NULL,
    external_id  text,
    attempts     int         NOT NULL,
    last_failure text,
    due_at       timestamptz,
    changed_at   timestamptz NOT NULL,
    CONSTRAINT xyd_publication_pkey PRIMARY KEY (product_id),
    CONSTRAINT xyd_publication_product_fkey FOREIGN KEY (product_id) REFERENCES product,
    CONSTRAINT xyd_publication_state_known CHECK (
        state IN ('PENDING', 'SYNCED', 'FAILED', 'WITHDRAW_PENDING', 'WITHDRAWN')),
    CONSTRAINT xyd_publication_due_when CHECK ((state IN ('SYNCED', 'WITHDRAWN')) = (due_at IS NULL)),
    CONSTRAINT xyd_publication_counts CHECK (version >= 1 AND sequence >= 1 AND attempts >= 0),
    CONSTRAINT xyd_publication_failed_when CHECK ((attempts > 0) = (last_failure IS NOT NULL)),
    CONSTRAINT xyd_publication_external_length CHECK (char_length(external_id) BETWEEN 1 AND 64)
);

CREATE INDEX xyd_publication_due ON xyd_publication (due_at) WHERE due_at IS NOT NULL;
