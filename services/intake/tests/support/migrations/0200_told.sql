-- What the stand-in for partner has been told.
CREATE TABLE told (at bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL, institution text, trace text, body bytea);
