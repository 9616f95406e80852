-- Instants are milliseconds since 1970-01-01T00:00:00Z. Columns named `data` or `facts` hold
-- JSON as the api types print it; what is searched for or changed often has its own column.

CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE devices (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    name_key TEXT NOT NULL,              -- name in lower case
    owner_key TEXT,                      -- owner in lower case
    search TEXT NOT NULL,                -- all words in lower case, for "contains"
    facts TEXT NOT NULL,
    agent_id TEXT UNIQUE,
    epoch INTEGER NOT NULL DEFAULT 0,
    enrolled_at INTEGER,
    secret BLOB,                         -- sealed
    next_sequence INTEGER NOT NULL DEFAULT 1,
    locked INTEGER NOT NULL DEFAULT 0,
    lock TEXT,
    lock_sequence INTEGER NOT NULL DEFAULT 0, -- of the last lock or unlock that was confirmed
    last_heard INTEGER
) STRICT;
CREATE INDEX devices_name ON devices (name_key, id);
CREATE INDEX devices_owner ON devices (owner_key) WHERE owner_key IS NOT NULL;

CREATE TABLE identities (
    value TEXT PRIMARY KEY,              -- kind:value
    device TEXT NOT NULL REFERENCES devices (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_device ON identities (device);

CREATE TABLE numbers (
    number TEXT NOT NULL,
    device TEXT NOT NULL REFERENCES devices (id),
    PRIMARY KEY (number, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX numbers_device ON numbers (device);

-- One row for each address of record; `data` is the list of its bindings.
CREATE TABLE bindings (
    aor TEXT PRIMARY KEY,
    device TEXT NOT NULL REFERENCES devices (id),
    expires_at INTEGER NOT NULL,         -- of the binding that ends last
    data TEXT NOT NULL
) STRICT;
CREATE INDEX bindings_device ON bindings (device, expires_at);

CREATE TABLE codes (
    digest BLOB PRIMARY KEY,
    device TEXT REFERENCES devices (id),
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX codes_device ON codes (device) WHERE device IS NOT NULL;

CREATE TABLE device_log (
    id INTEGER PRIMARY KEY,
    device TEXT NOT NULL REFERENCES devices (id),
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX device_log_device ON device_log (device, id);

-- Ended actions stay in this table: what the dispatcher and the device's sessions read are the
-- partial indexes below, which hold open actions only and stay small however long the history is.
CREATE TABLE actions (
    number INTEGER PRIMARY KEY,          -- order of creation
    id TEXT NOT NULL UNIQUE,
    device TEXT NOT NULL REFERENCES devices (id),
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    name TEXT NOT NULL,                  -- as in lck
    state TEXT NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0,
    destructive INTEGER NOT NULL,
    due_at INTEGER,                      -- while claimed: the end of the lease
    leased INTEGER NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT 0,
    sweep_at INTEGER,                    -- when it expires or is shown as unconfirmed
    data TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX actions_number ON actions (device, epoch, sequence);
CREATE INDEX actions_open ON actions (device, sequence) WHERE ended = 0;
CREATE INDEX actions_due ON actions (destructive, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX actions_sweep ON actions (sweep_at) WHERE sweep_at IS NOT NULL;

CREATE TABLE pins (
    action TEXT PRIMARY KEY,
    device TEXT NOT NULL REFERENCES devices (id),
    created_at INTEGER NOT NULL,
    pin BLOB NOT NULL                    -- sealed
) STRICT, WITHOUT ROWID;
CREATE INDEX pins_device ON pins (device);

CREATE TABLE callbacks (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    device TEXT NOT NULL REFERENCES devices (id),
    data TEXT NOT NULL
) STRICT;
CREATE INDEX callbacks_device ON callbacks (device, number);

CREATE TABLE events (
    id INTEGER PRIMARY KEY,              -- never given twice, as the newest is never deleted
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    device TEXT,
    data TEXT NOT NULL
) STRICT;

CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    digest BLOB NOT NULL,
    outcome TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE backups (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    device TEXT NOT NULL REFERENCES devices (id),
    device_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    completed_at INTEGER
) STRICT;
CREATE INDEX backups_device ON backups (device, number);

-- Contents stand in the same file as the list of them: one is never without the other,
-- and a copy of the database has both.
CREATE TABLE backup_items (
    backup TEXT NOT NULL REFERENCES backups (id),
    path TEXT NOT NULL,
    entries INTEGER NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (backup, path)
) STRICT;

CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    event TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    correlation TEXT NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
    BEGIN SELECT raise(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit
    BEGIN SELECT raise(ABORT, 'the audit trail is append-only'); END;

CREATE TABLE checkpoints (number INTEGER PRIMARY KEY, data TEXT NOT NULL) STRICT;

CREATE TABLE operators (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_login INTEGER,
    password_hash TEXT NOT NULL,
    one_time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    last_used INTEGER,
    session INTEGER NOT NULL,
    bound_to TEXT
) STRICT
