-- Where the province's list comes from; the import has made the table already where it is there.
CREATE TABLE IF NOT EXISTS province_list_entry (
    import_id  uuid NOT NULL,
    uscc       text NOT NULL,
    list       text NOT NULL,
    level      text NOT NULL,
    number     text NOT NULL,
    valid_from date NOT NULL,
    valid_to   date NOT NULL
);
