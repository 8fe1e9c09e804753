-- Credentials: an institution's token (only its hash is kept) bound to one client certificate.
CREATE TABLE credential (
    credential_id uuid PRIMARY KEY,
    institution_id uuid NOT NULL,
    role smallint NOT NULL,
    token_sha256 bytea NOT NULL,
    certificate_sha256 bytea NOT NULL,
    -- Bits: 1 assignments, 2 events.
    scopes smallint NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    last_used_at timestamptz,
    -- The credential that this one took over from.
    replaces uuid REFERENCES credential (credential_id),
    CONSTRAINT credential_token_once UNIQUE (token_sha256),
    CONSTRAINT credential_token_is_sha256 CHECK (octet_length(token_sha256) = 32),
    CONSTRAINT credential_certificate_is_sha256 CHECK (octet_length(certificate_sha256) = 32),
    CONSTRAINT credential_scopes_known CHECK (scopes BETWEEN 1 AND 3),
    CONSTRAINT credential_role_known CHECK (role BETWEEN 1 AND 9),
    CONSTRAINT credential_ends_after_it_begins CHECK (expires_at >= issued_at)
);
CREATE INDEX credential_of_institution ON credential (institution_id, issued_at);

-- Raised in every transaction that changes a credential. Each process reads this one row several times a second and
-- loads the credentials again when it has moved: so a revocation is known everywhere within the second. The row's lock
-- puts such transactions in line, so that no reader can miss one that commits late.
CREATE TABLE credential_epoch (
    single boolean PRIMARY KEY DEFAULT true,
    epoch bigint NOT NULL,
    CONSTRAINT credential_epoch_one_row CHECK (single)
);
INSERT INTO credential_epoch (epoch) VALUES (1);
