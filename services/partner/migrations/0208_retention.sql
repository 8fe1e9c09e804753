-- By these, old rows are found when their time is over. Replies are never changed and lie in the order of their time, so
-- block ranges are enough, and cost nothing when a decision is written.
CREATE INDEX event_acknowledged ON event (acked_at) WHERE acked_at IS NOT NULL;
CREATE INDEX reply_submitted ON reply USING brin (submitted_at) WITH (autosummarize = on);
