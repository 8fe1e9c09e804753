-- Cooperation agreements (合作协议, C08) and who is party to them.
CREATE TABLE agreement (
    agreement_id uuid   NOT NULL,
    number       text   NOT NULL,
    line         text   NOT NULL,
    parks        text[] NOT NULL,
    signed_on    date   NOT NULL,
    valid_from   date   NOT NULL,
    valid_to     date   NOT NULL,
    ended_on     date,
    text         text   NOT NULL,
    CONSTRAINT agreement_pkey PRIMARY KEY (agreement_id),
    CONSTRAINT agreement_number_key UNIQUE (number),
    CONSTRAINT agreement_number_length CHECK (char_length(number) BETWEEN 1 AND 60),
    CONSTRAINT agreement_line_known CHECK (line IN ('CREDIT', 'INSURANCE', 'GUARANTEE', 'EVALUATION', 'INVESTMENT',
        'DISPOSAL', 'RISK_POOL', 'COOPERATION')),
    CONSTRAINT agreement_parks_count CHECK (cardinality(parks) <= 100),
    CONSTRAINT agreement_valid_ordered CHECK (valid_from <= valid_to),
    CONSTRAINT agreement_ended_within CHECK (ended_on BETWEEN valid_from AND valid_to),
    CONSTRAINT agreement_text_length CHECK (char_length(text) <= 500)
);

CREATE INDEX agreement_by_end ON agreement (valid_to);

CREATE TABLE agreement_party (
    agreement_id   uuid NOT NULL,
    institution_id uuid NOT NULL,
    CONSTRAINT agreement_party_pkey PRIMARY KEY (agreement_id, institution_id),
    CONSTRAINT agreement_party_agreement_fkey FOREIGN KEY (agreement_id) REFERENCES agreement,
    CONSTRAINT agreement_party_institution_fkey FOREIGN KEY (institution_id) REFERENCES institution
);

CREATE INDEX agreement_party_of_institution ON agreement_party (institution_id);
