-- What is known of each case: its facts folded, so that one more fact needs no look at those before it. The sheet is read
-- by code alone (store/sheet_row.rs) and can be computed anew from the facts at any time.
CREATE TABLE case_now (
    book    int   NOT NULL,
    case_id uuid  NOT NULL,
    sheet   bytea NOT NULL,
    CONSTRAINT case_now_pkey PRIMARY KEY (book, case_id)
) WITH (fillfactor = 70);
