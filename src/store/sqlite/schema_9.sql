-- The service token with which another one was made, and with which that one ends.
ALTER TABLE tokens ADD COLUMN made_with TEXT;
CREATE INDEX tokens_made_with ON tokens (made_with) WHERE made_with IS NOT NULL;

-- Callbacks that have not ended are few among many.
CREATE INDEX callbacks_open ON callbacks (number) WHERE json_extract(data, '$.state') IN ('pending', 'delivered')
