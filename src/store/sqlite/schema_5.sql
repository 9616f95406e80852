-- Segments of text messages: which id a gateway gave each, and what its receipt said. Without a reference it is a
-- receipt that came before the answer it belongs to.
CREATE TABLE sms_parts (
    gateway TEXT NOT NULL,
    id TEXT,
    plain TEXT,
    reference TEXT,
    send INTEGER NOT NULL DEFAULT 0,
    part INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    outcome INTEGER,
    words TEXT NOT NULL DEFAULT '',
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX sms_parts_id ON sms_parts (gateway, id);
CREATE INDEX sms_parts_plain ON sms_parts (gateway, plain);
CREATE INDEX sms_parts_reference ON sms_parts (reference, send, part);
CREATE INDEX sms_parts_at ON sms_parts (at)
