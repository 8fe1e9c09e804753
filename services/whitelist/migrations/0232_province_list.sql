-- Lists that come from above (上下联动, domain.md C30): whom the province, or the country, has on a list. An accepted file
-- replaces the former list of each name in it; the entries of former files stay, so that what was derived from them can
-- name its origin for ever.
CREATE TABLE province_list_entry (
    import_id  uuid NOT NULL,
    list       text NOT NULL,
    uscc       text NOT NULL,
    name       text NOT NULL,
    level      text NOT NULL,
    number     text NOT NULL,
    valid_from date,
    valid_to   date,
    CONSTRAINT province_list_entry_pkey PRIMARY KEY (import_id, list, uscc),
    CONSTRAINT province_list_entry_import_fkey FOREIGN KEY (import_id) REFERENCES file_import,
    CONSTRAINT province_list_entry_uscc_form CHECK (uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'),
    CONSTRAINT province_list_entry_level_known CHECK (level IN ('ZONE', 'PROVINCE', 'NATIONAL')),
    CONSTRAINT province_list_entry_list_length CHECK (char_length(list) BETWEEN 1 AND 100),
    CONSTRAINT province_list_entry_name_length CHECK (char_length(name) BETWEEN 1 AND 100),
    CONSTRAINT province_list_entry_number_length CHECK (char_length(number) <= 60),
    CONSTRAINT province_list_entry_dates_ordered CHECK (valid_from <= valid_to)
);
CREATE INDEX province_list_entry_by_uscc ON province_list_entry (uscc);

-- Which file holds for each list.
CREATE TABLE province_list (
    list        text        NOT NULL,
    import_id   uuid        NOT NULL,
    accepted_at timestamptz NOT NULL,
    CONSTRAINT province_list_pkey PRIMARY KEY (list),
    CONSTRAINT province_list_import_fkey FOREIGN KEY (import_id) REFERENCES file_import
);

-- The entries of the lists that hold; whether one counts on a day follows from its own dates.
CREATE VIEW province_list_now AS
    SELECT e.import_id, e.list, e.uscc, e.name, e.level, e.number, e.valid_from, e.valid_to, l.accepted_at
    FROM province_list l
    JOIN province_list_entry e ON e.import_id = l.import_id AND e.list = l.list;
