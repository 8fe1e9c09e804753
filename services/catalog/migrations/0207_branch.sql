-- Institutions may be amended; their branches, and the parks (园区) where these are.
ALTER TABLE institution
    ADD COLUMN version            int     NOT NULL DEFAULT 1,
    ADD COLUMN agreement_required boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT institution_version_counts CHECK (version >= 1);

CREATE TABLE park (
    code               text    NOT NULL,
    name               text    NOT NULL,
    agreement_required boolean NOT NULL,
    version            int     NOT NULL,
    CONSTRAINT park_pkey PRIMARY KEY (code),
    CONSTRAINT park_code_form CHECK (code ~ '^[A-Z]{2}-[A-Z]{2,6}$'),
    CONSTRAINT park_name_length CHECK (char_length(name) BETWEEN 1 AND 60),
    CONSTRAINT park_version_counts CHECK (version >= 1)
);

INSERT INTO park VALUES
    ('JY-GX', '高新区', false, 1), ('JY-HL', '虎岭', false, 1), ('JY-YC', '玉川', false, 1), ('JY-SL', '思礼', false, 1),
    ('JY-WLK', '五龙口', false, 1), ('JY-OTH', '其他', false, 1);

CREATE TABLE branch (
    branch_id      uuid NOT NULL,
    institution_id uuid NOT NULL,
    version        int  NOT NULL,
    name           text NOT NULL,
    kind           text NOT NULL,
    park           text,
    tech_origin    text,
    tech_since     date,
    closed_on      date,
    CONSTRAINT branch_pkey PRIMARY KEY (branch_id),
    CONSTRAINT branch_name_key UNIQUE (institution_id, name),
    CONSTRAINT branch_institution_fkey FOREIGN KEY (institution_id) REFERENCES institution,
    CONSTRAINT branch_park_fkey FOREIGN KEY (park) REFERENCES park,
    CONSTRAINT branch_version_counts CHECK (version >= 1),
    CONSTRAINT branch_name_length CHECK (char_length(name) BETWEEN 1 AND 100),
    CONSTRAINT branch_kind_known CHECK (kind IN ('BRANCH', 'SUB_BRANCH', 'OUTLET', 'TECH_BRANCH')),
    CONSTRAINT branch_tech_whole CHECK ((kind = 'TECH_BRANCH') = (tech_origin IS NOT NULL)
        AND (tech_origin IS NULL) = (tech_since IS NULL)),
    CONSTRAINT branch_tech_origin_known CHECK (tech_origin IN ('OPENED', 'CONVERTED'))
);

CREATE INDEX branch_by_institution ON branch (institution_id, branch_id);
