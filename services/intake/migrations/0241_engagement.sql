-- What an evaluator has promised by confirming: its report within the working days that it quoted. One for each leg: a leg is
-- confirmed once.
CREATE TABLE engagement (
    leg_id          uuid PRIMARY KEY,
    case_id         uuid NOT NULL,
    confirmed_at    timestamptz NOT NULL,
    working_days    smallint NOT NULL CHECK (working_days BETWEEN 1 AND 60)
);
CREATE INDEX engagement_case_idx ON engagement (case_id);
-- Evaluators that were engaged before.
INSERT INTO engagement (leg_id, case_id, confirmed_at, working_days)
    SELECT l.id, l.case_id, min(e.at), min(v.working_days) FROM leg l
      JOIN case_entry e ON e.case_id = l.case_id AND e.leg_id = l.id AND e.kind = 'EVALUATOR_ENGAGED'
      JOIN valuation v ON v.reply_id = l.standing_reply
     WHERE l.role = 5 AND l.state = 'CONFIRMED' GROUP BY l.id, l.case_id;
