-- Evaluators are asked beside banks, without a product. A leg knows the end of its own window, so that what its
-- institution is told never depends on others, and what the case needs of the answer that stands.
ALTER TABLE leg ALTER COLUMN product_id DROP NOT NULL;
ALTER TABLE leg ALTER COLUMN product_version DROP NOT NULL;
ALTER TABLE leg ADD CONSTRAINT leg_product_check CHECK ((product_id IS NULL) = (product_version IS NULL));
ALTER TABLE leg ADD COLUMN due_at timestamptz;
ALTER TABLE leg ADD COLUMN valid_until timestamptz;
ALTER TABLE leg ADD COLUMN amount_fen bigint;
ALTER TABLE leg ADD COLUMN term_months smallint;
ALTER TABLE leg ADD COLUMN enhancement smallint;
ALTER TABLE leg ADD CONSTRAINT leg_standing_check CHECK (
    (amount_fen IS NULL) = (term_months IS NULL) AND (amount_fen IS NULL) = (enhancement IS NULL)
    AND (amount_fen IS NULL OR valid_until IS NOT NULL));
UPDATE leg l SET due_at = CASE WHEN l.round = c.round THEN c.window_closes_at ELSE l.issued_at END
    FROM financing_case c WHERE c.id = l.case_id;
UPDATE leg l SET valid_until = o.valid_until, amount_fen = o.amount_fen, term_months = o.term_months, enhancement = o.enhancement
    FROM offer o WHERE o.reply_id = l.standing_reply;

-- What evaluators quoted, every version of it; late ones too.
CREATE TABLE valuation (
    reply_id        uuid PRIMARY KEY,
    leg_id          uuid NOT NULL REFERENCES leg,
    case_id         uuid NOT NULL,
    seq             integer NOT NULL CHECK (seq > 0),
    fee_fen         bigint NOT NULL CHECK (fee_fen BETWEEN 0 AND 30000000000),
    working_days    smallint NOT NULL CHECK (working_days BETWEEN 1 AND 60),
    methods         smallint[] NOT NULL CHECK (cardinality(methods) > 0),
    valid_until     timestamptz NOT NULL,
    submitted_at    timestamptz NOT NULL,
    late            boolean NOT NULL DEFAULT false
);
CREATE INDEX valuation_case_idx ON valuation (case_id);

-- Delivered reports; `body` is the encoded report.
CREATE TABLE valuation_report (
    reply_id        uuid PRIMARY KEY,
    leg_id          uuid NOT NULL REFERENCES leg CONSTRAINT valuation_report_one_per_leg_key UNIQUE,
    case_id         uuid NOT NULL,
    base_date       date NOT NULL,
    valid_until     date NOT NULL,
    total_fen       bigint NOT NULL,
    fee_fen         bigint NOT NULL,
    submitted_at    timestamptz NOT NULL,
    body            bytea NOT NULL
);
CREATE INDEX valuation_report_case_idx ON valuation_report (case_id);
