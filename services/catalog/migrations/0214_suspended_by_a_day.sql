-- A product whose last day is over is suspended by nobody: its next version takes effect on its day all the same, which one
-- that the centre holds back does not.
ALTER TABLE product
    DROP CONSTRAINT product_suspended_by_known,
    ADD CONSTRAINT product_suspended_by_known CHECK (suspended_by IN ('CENTRE', 'BANK', 'CALENDAR'));

UPDATE product p SET suspended_by = 'CALENDAR' WHERE p.state = 'SUSPENDED' AND (
        SELECT a.actor FROM product_act a WHERE a.product_id = p.product_id AND a.act = 'SUSPENDED'
        ORDER BY a.revision DESC LIMIT 1
    ) LIKE 'role:%';
