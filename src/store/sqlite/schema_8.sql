-- Parts of long text messages from phones, until the rest of them has come. `done` are those of a message that was
-- taken, of whose octets only the digest is left: what comes again is known by it.
CREATE TABLE sms_fragments (
    gateway TEXT NOT NULL,
    sender TEXT NOT NULL,
    receiver TEXT NOT NULL,
    wide INTEGER NOT NULL,
    reference INTEGER NOT NULL,
    total INTEGER NOT NULL,
    part INTEGER NOT NULL,
    number TEXT,
    reading TEXT NOT NULL,
    octets BLOB NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    at INTEGER NOT NULL,
    PRIMARY KEY (gateway, sender, receiver, wide, reference, total, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX sms_fragments_at ON sms_fragments (at)
