-- Institutions (机构). A bank without a responsible department is on record all the same: it just receives no cases.
CREATE TABLE institution (
    institution_id         uuid        NOT NULL,
    name                   text        NOT NULL,
    role                   text        NOT NULL,
    responsible_department text,
    licence                text,
    registered_at          timestamptz NOT NULL,
    CONSTRAINT institution_pkey PRIMARY KEY (institution_id),
    CONSTRAINT institution_name_key UNIQUE (name),
    CONSTRAINT institution_name_length CHECK (char_length(name) BETWEEN 1 AND 100),
    CONSTRAINT institution_role_known CHECK (role IN ('BANK', 'INSURER', 'GUARANTOR', 'RE_GUARANTOR', 'EVALUATOR',
        'IP_FUND', 'INVESTOR', 'EXCHANGE', 'IP_AGENCY')),
    CONSTRAINT institution_department_length CHECK (char_length(responsible_department) BETWEEN 1 AND 100),
    CONSTRAINT institution_licence_form CHECK (licence ~ '^[A-Z][0-9]{4}[A-Z][0-9]{9}$'),
    CONSTRAINT institution_licence_of_bank CHECK (licence IS NULL OR role = 'BANK')
);

-- Pages of one role's institutions, in the order of their ids.
CREATE INDEX institution_by_role ON institution (role, institution_id);
