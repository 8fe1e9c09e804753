-- From OFFERS_READY to the bank's approval: three more states, the choice, and how far the round's cover has come.
ALTER TABLE financing_case DROP CONSTRAINT financing_case_state_check;
ALTER TABLE financing_case ADD CONSTRAINT financing_case_state_check CHECK (state IN
    ('DRAFT','SUBMITTED','SUPPLEMENT','ACCEPTED','COLLECTING','OFFERS_READY','SELECTED','APPROVED','NO_OFFER','REJECTED','WITHDRAWN','EXPIRED'));
ALTER TABLE financing_case ADD COLUMN cover text NOT NULL DEFAULT 'NOT_ASKED'
    CONSTRAINT financing_case_cover_check CHECK (cover IN ('NOT_ASKED','ASKED','QUOTED','LAPSED'));
-- What was chosen, and the approval of it. Meaningful in SELECTED and APPROVED, kept afterwards for the record.
ALTER TABLE financing_case ADD COLUMN choice jsonb;
ALTER TABLE financing_case ADD COLUMN approval jsonb;
ALTER TABLE financing_case ADD CONSTRAINT financing_case_choice_check CHECK (
    (state NOT IN ('SELECTED','APPROVED') OR choice IS NOT NULL) AND (state <> 'APPROVED' OR approval IS NOT NULL));
