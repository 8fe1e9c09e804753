-- The sums over all sheets of a book that every figure is read off. The meaning of a and b is the measure's
-- (domain/tally.rs). Parks come last: lengths within bounds are read for all parks in one go.
CREATE TABLE figure (
    book    int      NOT NULL,
    measure smallint NOT NULL,
    a       int      NOT NULL,
    b       bigint   NOT NULL,
    park    text     NOT NULL,
    n       bigint   NOT NULL,
    CONSTRAINT figure_pkey PRIMARY KEY (book, measure, a, b, park)
) WITH (fillfactor = 70);
