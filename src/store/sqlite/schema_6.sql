-- Where a code was sent by text message: a device that comes with it has that number.
ALTER TABLE codes ADD COLUMN number TEXT
