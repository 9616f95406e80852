CREATE TABLE version(table_name VARCHAR(32) PRIMARY KEY, table_version INTEGER);
INSERT INTO version VALUES('subscriber',7);
CREATE TABLE subscriber(
  id INTEGER PRIMARY KEY, username VARCHAR(64), domain VARCHAR(64), password VARCHAR(64),
  ha1 VARCHAR(128) DEFAULT '', ha1b VARCHAR(128) DEFAULT '');
INSERT INTO subscriber(username,domain,password) VALUES('dev1','127.0.0.1','secret1');
