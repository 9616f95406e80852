-- What devices subscribed to: one row for each dialog, its `data` the subscription as JSON.
CREATE TABLE subscriptions (
    key TEXT PRIMARY KEY,
    device TEXT NOT NULL REFERENCES devices (id),
    data TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX subscriptions_device ON subscriptions (device)
