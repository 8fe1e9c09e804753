-- A third scope: a bank's own products (bit 4). Credentials that were issued for everything before do not open it by
-- themselves: who keeps a bank's products is decided anew.
ALTER TABLE credential
    DROP CONSTRAINT credential_scopes_known,
    ADD CONSTRAINT credential_scopes_known CHECK (scopes BETWEEN 1 AND 7);
