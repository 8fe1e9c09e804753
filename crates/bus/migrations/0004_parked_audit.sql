-- Who looked at, replayed or dropped which parked message, and why. Append-only: not even the serving role may change it.
CREATE TABLE parked_audit (
    audit_id     bigint      GENERATED ALWAYS AS IDENTITY,
    acted_at     timestamptz NOT NULL DEFAULT now(),
    action       text        NOT NULL,
    actor        text        NOT NULL,
    purpose      text        NOT NULL,
    queue        text,
    held_id      uuid,
    message_id   uuid,
    message_kind text,
    trace_id     text,
    CONSTRAINT parked_audit_pkey PRIMARY KEY (audit_id),
    CONSTRAINT parked_audit_action_known CHECK (action IN ('list', 'show', 'show-body', 'replay', 'drop')),
    CONSTRAINT parked_audit_actor_named CHECK (actor <> ''),
    CONSTRAINT parked_audit_purpose_given CHECK (purpose <> '')
);

CREATE FUNCTION parked_audit_refuse() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'parked_audit is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER parked_audit_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON parked_audit
    FOR EACH STATEMENT EXECUTE FUNCTION parked_audit_refuse();
