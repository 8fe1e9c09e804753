-- How many facts of each type there are, kept in the transaction that takes them: counting the rows would read them all.
CREATE TABLE fact_count (
    type  text   NOT NULL,
    count bigint NOT NULL,
    CONSTRAINT fact_count_pkey PRIMARY KEY (type),
    CONSTRAINT fact_count_positive CHECK (count >= 1)
);
