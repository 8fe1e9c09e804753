-- Two more kinds of events: 8 the enterprise has chosen the institution, 9 the choice was undone.
ALTER TABLE event
    DROP CONSTRAINT event_kind_known,
    DROP CONSTRAINT event_reply_named,
    ADD CONSTRAINT event_kind_known CHECK (kind BETWEEN 1 AND 9),
    ADD CONSTRAINT event_reply_named CHECK ((kind BETWEEN 4 AND 7) = (reply_id IS NOT NULL));
