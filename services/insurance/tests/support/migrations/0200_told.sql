-- What the stand-in for partner has been told.
CREATE TABLE told (at bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL, institution text, aggregate uuid NOT NULL, version bigint NOT NULL, body bytea NOT NULL);
