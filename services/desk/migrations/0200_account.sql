-- Accounts of the service centre's staff (工作人员账号). A login name and a title of the place (窗口一号), never a person's
-- name. The password is kept as an argon2id string with its parameters and salt.
CREATE TABLE account (
    account_id  uuid        NOT NULL,
    login       text        NOT NULL,
    title       text        NOT NULL,
    duties      text[]      NOT NULL,
    password    text        NOT NULL,
    must_change boolean     NOT NULL DEFAULT true,
    disabled_at timestamptz,
    created_at  timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL,
    CONSTRAINT account_pk PRIMARY KEY (account_id),
    CONSTRAINT account_login_once UNIQUE (login),
    CONSTRAINT account_login_form CHECK (login ~ '^[a-z][a-z0-9._-]{1,31}$'),
    CONSTRAINT account_title_given CHECK (length(title) BETWEEN 1 AND 40),
    CONSTRAINT account_duties_known CHECK (cardinality(duties) > 0
        AND duties <@ ARRAY['clerk', 'supervisor', 'regulator', 'operator', 'administrator']),
    CONSTRAINT account_password_is_argon2id CHECK (password LIKE '$argon2id$%')
);
