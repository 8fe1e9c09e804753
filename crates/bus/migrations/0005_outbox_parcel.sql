-- Several messages of one transaction may go as one row (a parcel): how many the row holds.
ALTER TABLE outbox ADD COLUMN letters integer NOT NULL DEFAULT 1;
