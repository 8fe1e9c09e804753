-- Enterprises (企业) and the qualifications they hold. A USCC is registered once: everything else hangs on it.
CREATE TABLE enterprise (
    enterprise_id uuid        NOT NULL,
    uscc          text        NOT NULL,
    name          text        NOT NULL,
    size          text        NOT NULL,
    industry      text        NOT NULL,
    park          text        NOT NULL,
    region        text        NOT NULL,
    registered_at timestamptz NOT NULL,
    CONSTRAINT enterprise_pkey PRIMARY KEY (enterprise_id),
    CONSTRAINT enterprise_uscc_key UNIQUE (uscc),
    CONSTRAINT enterprise_uscc_form CHECK (uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'),
    CONSTRAINT enterprise_name_length CHECK (char_length(name) BETWEEN 1 AND 100),
    CONSTRAINT enterprise_size_known CHECK (size IN ('LARGE', 'MEDIUM', 'SMALL', 'MICRO')),
    CONSTRAINT enterprise_industry_form CHECK (industry ~ '^[A-T][0-9]{0,4}$'),
    CONSTRAINT enterprise_park_form CHECK (park ~ '^[A-Z]{2}-[A-Z]{2,6}$'),
    CONSTRAINT enterprise_region_form CHECK (region ~ '^[1-9][0-9]{5}$')
);

CREATE TABLE qualification (
    enterprise_id uuid NOT NULL,
    position      int  NOT NULL,
    code          text NOT NULL,
    number        text NOT NULL,
    valid_from    date NOT NULL,
    valid_to      date NOT NULL,
    CONSTRAINT qualification_pkey PRIMARY KEY (enterprise_id, position),
    CONSTRAINT qualification_enterprise_fkey FOREIGN KEY (enterprise_id) REFERENCES enterprise,
    CONSTRAINT qualification_position_counts CHECK (position BETWEEN 1 AND 50),
    CONSTRAINT qualification_code_known CHECK (code IN ('HNTE', 'TECH_SME', 'SRDI', 'LITTLE_GIANT', 'INNOV_SME',
        'IP_ADVANTAGE', 'IP_DEMO', 'IP_STRONG', 'IPMS_CERT', 'GREEN')),
    CONSTRAINT qualification_number_length CHECK (char_length(number) <= 60),
    CONSTRAINT qualification_dates_ordered CHECK (valid_from <= valid_to)
);
