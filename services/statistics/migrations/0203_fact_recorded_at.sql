-- The second time of a fact (domain.md §5.2): when it was recorded, a microsecond that is its own. It grows in the order of
-- commits (see fact_head), so "as known at" is a bound on one column, and a page of facts ends at a place in it.
ALTER TABLE fact RENAME COLUMN taken_at TO recorded_at;

-- A batch used to share one time. Its facts are moved apart, and never before an earlier one: no figure has been
-- answered from them yet.
ALTER TABLE fact DISABLE TRIGGER fact_append_only;
UPDATE fact SET recorded_at = placed.at
  FROM (SELECT message_id,
               max(recorded_at - n * interval '1 microsecond') OVER (ORDER BY n) + n * interval '1 microsecond' AS at
          FROM (SELECT message_id, recorded_at, row_number() OVER (ORDER BY recorded_at, message_id) AS n FROM fact) AS f)
       AS placed
 WHERE placed.message_id = fact.message_id;
ALTER TABLE fact ENABLE TRIGGER fact_append_only;

ALTER TABLE fact ADD CONSTRAINT fact_recorded_at_key UNIQUE (recorded_at);
-- Nothing reads facts by kind or by object: figures fold them in the order of record. Each index costs every fact.
DROP INDEX fact_by_time;
DROP INDEX fact_by_aggregate;
