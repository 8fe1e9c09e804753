-- What institutions said, as it was published: evidence, never changed.
CREATE TABLE reply (
    reply_id uuid PRIMARY KEY,
    -- No foreign key: the transaction that writes it holds the assignment's row anyway, and decisions are the hot path.
    assignment_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    -- 1 offer, 2 decline, 3 question.
    kind smallint NOT NULL,
    offer_seq integer,
    -- Filed after the window because the institution wished so.
    late boolean NOT NULL,
    submitted_at timestamptz NOT NULL,
    -- The encoded zhirong.partner.v1.ReplySubmitted.
    body bytea NOT NULL,
    CONSTRAINT reply_kind_known CHECK (kind BETWEEN 1 AND 3),
    CONSTRAINT reply_offer_has_seq CHECK ((kind = 1) = (offer_seq IS NOT NULL))
);
CREATE INDEX reply_of_assignment ON reply (assignment_id, submitted_at);
