-- Which side has suspended a product: what the centre holds back its bank does not let out again. Of those that are
-- suspended now, the last act says who did it.
ALTER TABLE product ADD COLUMN suspended_by text;

UPDATE product p SET suspended_by = CASE WHEN (
        SELECT a.actor FROM product_act a WHERE a.product_id = p.product_id AND a.act = 'SUSPENDED'
        ORDER BY a.revision DESC LIMIT 1
    ) LIKE 'institution:%' THEN 'BANK' ELSE 'CENTRE' END
    WHERE p.state = 'SUSPENDED';

ALTER TABLE product
    DROP CONSTRAINT product_suspended_when,
    ADD CONSTRAINT product_suspended_when CHECK ((state = 'SUSPENDED') = (suspended_at IS NOT NULL)
        AND (suspended_at IS NULL) = (suspended_by IS NULL)),
    ADD CONSTRAINT product_suspended_by_known CHECK (suspended_by IN ('CENTRE', 'BANK'));
