-- Public halves of the keys by which two leads together open who reported a case. The private halves are on their devices.
CREATE TABLE lead_key(person BLOB PRIMARY KEY REFERENCES person(id), public BLOB NOT NULL, day INTEGER NOT NULL) WITHOUT ROWID;
CREATE TRIGGER lead_no_more AFTER UPDATE OF role, closed ON person
  WHEN NEW.role <> OLD.role OR NEW.closed <> OLD.closed BEGIN
  DELETE FROM lead_key WHERE person = NEW.id;
END;
-- When the owner of a session last showed a passkey in it, to the minute.
ALTER TABLE session ADD COLUMN passkey_at INTEGER;
