-- Nonces of signatures that were used and could come again.
CREATE TABLE nonces (
    nonce BLOB PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX nonces_by_end ON nonces (until)
