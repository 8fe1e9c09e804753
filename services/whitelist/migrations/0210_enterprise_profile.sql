-- What else is known of an enterprise (domain.md §4.3). All of it may be missing, and missing is not zero: NULL.
-- Amounts are fen. The accounts are those of accounts_year and the two years before, the latest first.
-- version counts the amendments; legal_rep and the contacts are personal data, shown masked.
ALTER TABLE enterprise
    ADD COLUMN version           int         NOT NULL DEFAULT 1,
    ADD COLUMN amended_at        timestamptz,
    ADD COLUMN former_names      text[]      NOT NULL DEFAULT '{}',
    ADD COLUMN established_on    date,
    ADD COLUMN reg_capital       bigint,
    ADD COLUMN legal_rep         text,
    ADD COLUMN contact_names     text[]      NOT NULL DEFAULT '{}',
    ADD COLUMN contact_phones    text[]      NOT NULL DEFAULT '{}',
    ADD COLUMN contact_emails    text[]      NOT NULL DEFAULT '{}',
    ADD COLUMN staff             int,
    ADD COLUMN rd_staff          int,
    ADD COLUMN accounts_year     int,
    ADD COLUMN revenue           bigint[]    NOT NULL DEFAULT '{NULL,NULL,NULL}',
    ADD COLUMN rd_spend          bigint[]    NOT NULL DEFAULT '{NULL,NULL,NULL}',
    ADD COLUMN net_profit        bigint[]    NOT NULL DEFAULT '{NULL,NULL,NULL}',
    ADD COLUMN total_assets      bigint,
    ADD COLUMN total_liabilities bigint,
    ADD COLUMN tax_grade         text,
    ADD COLUMN platform_link     boolean,
    ADD CONSTRAINT enterprise_version_counts CHECK (version >= 1),
    ADD CONSTRAINT enterprise_former_names_count CHECK (cardinality(former_names) <= 20),
    ADD CONSTRAINT enterprise_contacts_whole CHECK (cardinality(contact_names) <= 10
        AND cardinality(contact_phones) = cardinality(contact_names)
        AND cardinality(contact_emails) = cardinality(contact_names)),
    ADD CONSTRAINT enterprise_numbers_not_negative CHECK (reg_capital >= 0 AND staff >= 0 AND rd_staff >= 0
        AND total_assets >= 0 AND total_liabilities >= 0),
    ADD CONSTRAINT enterprise_rd_staff_part_of_staff CHECK (rd_staff <= staff),
    ADD CONSTRAINT enterprise_accounts_three_years CHECK (cardinality(revenue) = 3 AND cardinality(rd_spend) = 3
        AND cardinality(net_profit) = 3),
    ADD CONSTRAINT enterprise_accounts_of_a_year CHECK (accounts_year BETWEEN 1949 AND 2999 OR (accounts_year IS NULL
        AND revenue = '{NULL,NULL,NULL}' AND rd_spend = '{NULL,NULL,NULL}' AND net_profit = '{NULL,NULL,NULL}')),
    ADD CONSTRAINT enterprise_tax_grade_known CHECK (tax_grade IN ('A', 'B', 'M', 'C', 'D'));

-- Who gave a qualification: an advantage firm (优势企业) of the zone counts for less than one of the country.
ALTER TABLE qualification
    ADD COLUMN level text,
    ADD CONSTRAINT qualification_level_known CHECK (level IN ('ZONE', 'PROVINCE', 'NATIONAL'));
