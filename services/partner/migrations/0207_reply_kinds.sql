-- More that institutions say: 4 a valuation quote, 5 an insurer's quote, 6 a guarantor's commitment, 7 an offer taken
-- back, 8 a bank's approval, 9 another's confirmation, 10 a choice refused, 11 a valuation report.
ALTER TABLE reply
    DROP CONSTRAINT reply_kind_known,
    DROP CONSTRAINT reply_offer_has_seq,
    ADD CONSTRAINT reply_kind_known CHECK (kind BETWEEN 1 AND 11),
    ADD CONSTRAINT reply_offer_has_seq CHECK ((kind IN (1, 4, 5, 6)) = (offer_seq IS NOT NULL));
