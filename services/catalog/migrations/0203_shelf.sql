-- What is on the shelf is held in memory by every process of this role. This counter, raised in the transaction of each
-- change to it, tells a process in one read whether what it holds still is what is published.
CREATE TABLE shelf (
    sole     boolean NOT NULL DEFAULT true,
    revision bigint  NOT NULL,
    CONSTRAINT shelf_pkey PRIMARY KEY (sole),
    CONSTRAINT shelf_one_row CHECK (sole),
    CONSTRAINT shelf_revision_counts CHECK (revision >= 1)
);

INSERT INTO shelf (revision) VALUES (1);
