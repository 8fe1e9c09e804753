-- A book holds the figures of all facts recorded up to folded_to. One is in use; another is written beside it when the
-- figures are computed anew, and takes its place.
CREATE TABLE book (
    book      int         GENERATED ALWAYS AS IDENTITY,
    in_use    boolean     NOT NULL,
    folded_to timestamptz NOT NULL,
    CONSTRAINT book_pkey PRIMARY KEY (book)
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX book_in_use ON book (in_use) WHERE in_use;

INSERT INTO book (in_use, folded_to) VALUES (true, 'epoch');
