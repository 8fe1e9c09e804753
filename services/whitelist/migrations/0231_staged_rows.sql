-- Rows of files, checked, before they count. Not written ahead (UNLOGGED): after a crash of the server they are gone, and an
-- import whose rows are not all there can no longer be accepted; the file is uploaded again. A field that the file leaves
-- empty is NULL, or an empty list, and leaves what is registered.
CREATE UNLOGGED TABLE staged_enterprise (
    import_id         uuid NOT NULL,
    row_no            int  NOT NULL,
    enterprise_id     uuid NOT NULL,
    uscc              text NOT NULL,
    name              text NOT NULL,
    size              text NOT NULL,
    industry          text NOT NULL,
    park              text NOT NULL,
    region            text NOT NULL,
    former_names      text[] NOT NULL,
    established_on    date,
    reg_capital       bigint,
    legal_rep         text,
    contact_names     text[] NOT NULL,
    contact_phones    text[] NOT NULL,
    contact_emails    text[] NOT NULL,
    staff             int,
    rd_staff          int,
    accounts_year     int,
    revenue           bigint[] NOT NULL,
    rd_spend          bigint[] NOT NULL,
    net_profit        bigint[] NOT NULL,
    total_assets      bigint,
    total_liabilities bigint,
    tax_grade         text,
    platform_link     boolean,
    CONSTRAINT staged_enterprise_pkey PRIMARY KEY (import_id, row_no)
);

CREATE UNLOGGED TABLE staged_asset (
    import_id         uuid NOT NULL,
    row_no            int  NOT NULL,
    asset_id          uuid NOT NULL,
    enterprise_id     uuid NOT NULL,
    kind              text NOT NULL,
    number            text NOT NULL,
    title             text NOT NULL,
    filed             date,
    granted           date,
    owner_usccs       text[] NOT NULL,
    owner_names       text[] NOT NULL,
    owner_shares      int[]  NOT NULL,
    inventors         int,
    first_use         date,
    created_on        date,
    renewed_to        date,
    annuity_paid_to   date,
    ipc_main          text,
    nice_class        int NOT NULL,
    product_link      text,
    revenue_share     int,
    family_size       int,
    citations         int,
    litigation_proven boolean,
    high_value        text[] NOT NULL,
    acquired_from     text,
    acquired_on       date,
    CONSTRAINT staged_asset_pkey PRIMARY KEY (import_id, row_no)
);

CREATE UNLOGGED TABLE staged_qualification (
    import_id     uuid NOT NULL,
    row_no        int  NOT NULL,
    enterprise_id uuid NOT NULL,
    code          text NOT NULL,
    number        text NOT NULL,
    level         text,
    valid_from    date NOT NULL,
    valid_to      date NOT NULL,
    CONSTRAINT staged_qualification_pkey PRIMARY KEY (import_id, row_no)
);

CREATE UNLOGGED TABLE staged_list_entry (
    import_id  uuid NOT NULL,
    row_no     int  NOT NULL,
    list       text NOT NULL,
    uscc       text NOT NULL,
    name       text NOT NULL,
    level      text NOT NULL,
    number     text NOT NULL,
    valid_from date,
    valid_to   date,
    CONSTRAINT staged_list_entry_pkey PRIMARY KEY (import_id, row_no)
);
