-- Which messages each queue's consumer has already taken. One row per message and queue, inserted in the transaction of
-- the effect: its uniqueness is what makes the effect of a message happen once.
-- Message ids are UUIDv7, so their first 48 bits are the milliseconds since 1970. Partitions are ranges of ids that span
-- one UTC day: uniqueness stays global, and old days are dropped whole instead of being deleted row by row.
CREATE TABLE inbox (
    message_id uuid        NOT NULL,
    queue      text        NOT NULL,
    taken_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT inbox_pkey PRIMARY KEY (message_id, queue)
) PARTITION BY RANGE (message_id);

-- Ids of days that have no partition yet (or no longer) land here: a message is never refused for want of a partition.
CREATE TABLE inbox_default PARTITION OF inbox DEFAULT;

-- The lowest UUIDv7 of a UTC day.
CREATE FUNCTION inbox_day_floor(day date) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT
AS $$
    SELECT (lpad(to_hex((extract(epoch FROM day::timestamp) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$$;

-- Makes the partitions of today and the coming days and drops those older than `keep_days`. The login role that serves
-- may not run DDL, so this runs with the owner's rights. Returns how many partitions were made and dropped.
CREATE FUNCTION inbox_maintain(today date, ahead_days integer, keep_days integer,
                               OUT made integer, OUT dropped integer)
LANGUAGE plpgsql SECURITY DEFINER
AS $$
DECLARE
    day date;
    part text;
    schema_name text := current_schema();
BEGIN
    made := 0;
    dropped := 0;
    IF ahead_days < 0 OR keep_days < 1 THEN
        RAISE EXCEPTION 'inbox_maintain: ahead_days >= 0 and keep_days >= 1 are needed';
    END IF;
    -- Replicas of one role maintain the same table; one at a time.
    PERFORM pg_advisory_xact_lock(hashtextextended('zhirong.inbox.' || schema_name, 0));

    FOR day IN SELECT d::date FROM generate_series(today - 1, today + ahead_days, interval '1 day') AS d LOOP
        part := 'inbox_' || to_char(day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(format('%I.%I', schema_name, part)) IS NOT NULL;
        -- An insert under way might have been sent to the default partition, which is about to lose this day: it would
        -- fail. Let inserts end first, and later ones begin after the new partition is there.
        LOCK TABLE inbox IN SHARE ROW EXCLUSIVE MODE;
        EXECUTE format('CREATE TABLE %I (LIKE inbox INCLUDING ALL)', part);
        -- Rows that came before their partition move into it: an attached range may not overlap the default's rows.
        EXECUTE format('WITH moved AS (DELETE FROM inbox_default WHERE message_id >= %1$L AND message_id < %2$L RETURNING *)
                        INSERT INTO %3$I SELECT * FROM moved',
                       inbox_day_floor(day), inbox_day_floor(day + 1), part);
        EXECUTE format('ALTER TABLE inbox ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       part, inbox_day_floor(day), inbox_day_floor(day + 1));
        made := made + 1;
    END LOOP;

    FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = 'inbox'::regclass
           AND c.relname ~ '^inbox_[0-9]{8}$'
           AND c.relname < 'inbox_' || to_char(today - keep_days, 'YYYYMMDD')
    LOOP
        EXECUTE format('DROP TABLE %I', part);
        dropped := dropped + 1;
    END LOOP;
    DELETE FROM inbox_default WHERE message_id < inbox_day_floor(today - keep_days);
END
$$;

-- A function with its owner's rights must not look names up where its caller wishes.
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION inbox_maintain(date, integer, integer) SET search_path = %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION inbox_day_floor(date) SET search_path = %I, pg_temp', current_schema());
END
$$;
-- Waiting for a lock here would make every consumer wait behind it; the next round tries again.
ALTER FUNCTION inbox_maintain(date, integer, integer) SET lock_timeout = '2s';
