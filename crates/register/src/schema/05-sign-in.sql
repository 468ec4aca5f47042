DROP TABLE session;
CREATE TABLE session(hash BLOB PRIMARY KEY, person BLOB NOT NULL, face TEXT NOT NULL, kind TEXT NOT NULL, created_at INTEGER NOT NULL,
  fresh_at INTEGER NOT NULL, used_at INTEGER NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX session_by_person ON session(person);
CREATE TABLE totp(person BLOB PRIMARY KEY, secret BLOB NOT NULL, confirmed INTEGER NOT NULL, last_step INTEGER NOT NULL,
  created_day INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE recovery_code(person BLOB NOT NULL, hash BLOB NOT NULL, PRIMARY KEY(person, hash)) WITHOUT ROWID;
CREATE TABLE passkey(credential BLOB PRIMARY KEY, person BLOB NOT NULL, face TEXT NOT NULL, rp TEXT NOT NULL, name TEXT NOT NULL,
  stored TEXT NOT NULL, created_day INTEGER NOT NULL, used_day INTEGER) WITHOUT ROWID;
CREATE INDEX passkey_by_person ON passkey(person);
ALTER TABLE key ADD COLUMN scopes TEXT NOT NULL DEFAULT 'read:released report import';
ALTER TABLE key ADD COLUMN made_by BLOB;
ALTER TABLE key ADD COLUMN created_day INTEGER;
ALTER TABLE key ADD COLUMN used_day INTEGER;
CREATE TABLE device(id BLOB PRIMARY KEY, hash BLOB UNIQUE, face TEXT NOT NULL, label TEXT NOT NULL, maker BLOB NOT NULL, organisation BLOB,
  created_day INTEGER NOT NULL, used_day INTEGER, pairing BLOB UNIQUE, pairing_ends INTEGER, expires_at INTEGER NOT NULL) WITHOUT ROWID;

-- When something was used changes nothing that others must read anew.
CREATE TRIGGER session_made AFTER INSERT ON session BEGIN INSERT INTO changed(noun, id) VALUES ('session', NEW.hash); END;
CREATE TRIGGER session_changed AFTER UPDATE OF hash, person, face, expires_at ON session BEGIN
  INSERT INTO changed(noun, id) VALUES ('session', OLD.hash), ('session', NEW.hash); END;
CREATE TRIGGER session_gone AFTER DELETE ON session BEGIN INSERT INTO changed(noun, id) VALUES ('session', OLD.hash); END;
DROP TRIGGER key_changed;
CREATE TRIGGER key_changed AFTER UPDATE OF organisation, warn, know, expires_at, revoked, scopes ON key BEGIN
  INSERT INTO changed(noun, id) VALUES ('key', NEW.hash); END;
CREATE TRIGGER totp_changed AFTER UPDATE OF confirmed ON totp BEGIN INSERT INTO changed(noun, id) VALUES ('person', NEW.person); END;
CREATE TRIGGER totp_gone AFTER DELETE ON totp BEGIN INSERT INTO changed(noun, id) VALUES ('person', OLD.person); END;
CREATE TRIGGER passkey_made AFTER INSERT ON passkey BEGIN INSERT INTO changed(noun, id) VALUES ('person', NEW.person); END;
CREATE TRIGGER passkey_gone AFTER DELETE ON passkey BEGIN INSERT INTO changed(noun, id) VALUES ('person', OLD.person); END;
CREATE TRIGGER device_paired AFTER UPDATE OF hash ON device BEGIN INSERT INTO changed(noun, id) VALUES ('device', NEW.hash); END;
CREATE TRIGGER device_gone AFTER DELETE ON device WHEN OLD.hash IS NOT NULL BEGIN
  INSERT INTO changed(noun, id) VALUES ('device', OLD.hash); END;
