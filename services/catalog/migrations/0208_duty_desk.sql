-- How lead units and institutions are reached (C03): posts of organisations, never persons. Which units lead is data: they
-- are renamed now and then.
CREATE TABLE lead_unit (
    code text NOT NULL,
    name text NOT NULL,
    CONSTRAINT lead_unit_pkey PRIMARY KEY (code)
);

INSERT INTO lead_unit VALUES
    ('SAMR', '市场监管局'), ('REGULATOR_GROUP', '监管组'), ('DRC_STATISTICS', '发改统计局'), ('FINANCE_BUREAU', '财政金融局');

CREATE TABLE duty_desk (
    unit           text,
    institution_id uuid,
    post           text NOT NULL,
    switchboard    text NOT NULL,
    address        text NOT NULL,
    hours          text NOT NULL,
    CONSTRAINT duty_desk_key UNIQUE NULLS NOT DISTINCT (unit, institution_id, post),
    CONSTRAINT duty_desk_unit_fkey FOREIGN KEY (unit) REFERENCES lead_unit,
    CONSTRAINT duty_desk_institution_fkey FOREIGN KEY (institution_id) REFERENCES institution,
    CONSTRAINT duty_desk_of_one CHECK ((unit IS NULL) <> (institution_id IS NULL)),
    CONSTRAINT duty_desk_post_length CHECK (char_length(post) BETWEEN 1 AND 60),
    CONSTRAINT duty_desk_switchboard_form CHECK (switchboard ~ '^(0[0-9]{2,3}-[0-9]{7,8}(-[0-9]{1,6})?)?$'),
    CONSTRAINT duty_desk_texts_length CHECK (char_length(address) <= 100 AND char_length(hours) <= 60)
);
