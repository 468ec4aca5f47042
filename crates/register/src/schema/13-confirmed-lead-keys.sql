-- Since when sources are sealed to a lead's key; absent while it waits to be confirmed. Keys that were enrolled before this step count.
ALTER TABLE lead_key ADD COLUMN counts_since INTEGER;
UPDATE lead_key SET counts_since = day;
-- Who said of a waiting key that it is that lead's.
CREATE TABLE lead_key_said(
  person BLOB NOT NULL REFERENCES person(id), by_person BLOB NOT NULL REFERENCES person(id), day INTEGER NOT NULL,
  PRIMARY KEY (person, by_person)) WITHOUT ROWID;
-- A key in the place of another waits anew, and what a lead said of others goes with the key by which they could say it.
CREATE TRIGGER lead_key_replaced AFTER UPDATE OF public ON lead_key WHEN NEW.public <> OLD.public BEGIN
  UPDATE lead_key SET counts_since = NULL WHERE person = NEW.person;
  DELETE FROM lead_key_said WHERE person = NEW.person OR by_person = NEW.person;
END;
CREATE TRIGGER lead_key_gone AFTER DELETE ON lead_key BEGIN
  DELETE FROM lead_key_said WHERE person = OLD.person OR by_person = OLD.person;
END;
