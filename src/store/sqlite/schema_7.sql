-- What replies by text message will answer, by the nonces that ask for them.
CREATE TABLE reply_requests (
    device TEXT NOT NULL REFERENCES devices (id),
    nonce TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    number TEXT,
    at INTEGER NOT NULL,
    answered_at INTEGER,
    PRIMARY KEY (device, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX reply_requests_at ON reply_requests (at)
