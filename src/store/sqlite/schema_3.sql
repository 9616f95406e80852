-- The id that an asker gave its request, by which it asks for the state of it.
ALTER TABLE callbacks ADD COLUMN request TEXT;
CREATE INDEX callbacks_request ON callbacks (request, number) WHERE request IS NOT NULL
