-- Answers are found by their key; only their end is found by their age, and they lie in the order of it: block ranges are
-- enough for that, and cost nothing when an answer is kept.
DROP INDEX request_replay_created_at;
CREATE INDEX request_replay_created_at ON request_replay USING brin (created_at) WITH (autosummarize = on);
