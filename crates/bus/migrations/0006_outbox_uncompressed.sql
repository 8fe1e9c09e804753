-- Bodies live for milliseconds: compressing those of parcels cost more than the rest of their rows.
ALTER TABLE outbox ALTER COLUMN body SET STORAGE EXTERNAL;
