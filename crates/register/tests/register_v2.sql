-- A store as the second version of its tables left it.
CREATE TABLE organisation(id BLOB PRIMARY KEY, name TEXT NOT NULL, folded TEXT NOT NULL UNIQUE, sector TEXT NOT NULL,
  region TEXT, suspended INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE asset(organisation BLOB NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(organisation, kind, value)) WITHOUT ROWID;
CREATE TABLE person(id BLOB PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, organisation BLOB, role TEXT NOT NULL,
  password TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE session(hash BLOB PRIMARY KEY, person BLOB NOT NULL, face TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE key(hash BLOB PRIMARY KEY, prefix TEXT NOT NULL UNIQUE, organisation BLOB NOT NULL, label TEXT NOT NULL,
  warn TEXT NOT NULL, know TEXT NOT NULL, expires_at INTEGER, revoked INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
ALTER TABLE person ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;
INSERT INTO organisation(id, name, folded, sector, region, suspended) VALUES
  (x'01010101010101010101010101010101', 'Calder Power', 'calder power', 'energy', 'wales', 1),
  (x'02020202020202020202020202020202', 'Tarn Water', 'tarn water', 'water', NULL, 0);
INSERT INTO person(id, email, name, organisation, role, password) VALUES
  (x'03030303030303030303030303030303', 'ann@calder.example', 'Ann', x'01010101010101010101010101010101', 'member', 'x');
PRAGMA user_version = 2;
