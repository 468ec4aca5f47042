ALTER TABLE organisation ADD COLUMN class TEXT NOT NULL DEFAULT 'member';
ALTER TABLE organisation ADD COLUMN status TEXT NOT NULL DEFAULT 'active';
UPDATE organisation SET status = 'suspended' WHERE suspended = 1;
ALTER TABLE organisation DROP COLUMN suspended;
CREATE INDEX organisation_by_name ON organisation(folded, id);

CREATE TABLE person_3(id BLOB PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL, organisation BLOB, role TEXT NOT NULL,
  password TEXT, disabled INTEGER NOT NULL DEFAULT 0, closed INTEGER NOT NULL DEFAULT 0, vetting TEXT, vetted_until INTEGER,
  wall TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
INSERT INTO person_3(id, email, name, organisation, role, password, disabled)
  SELECT id, email, name, organisation, CASE role WHEN 'member' THEN 'reporter' ELSE role END, password, disabled FROM person;
DROP TABLE person;
ALTER TABLE person_3 RENAME TO person;
CREATE UNIQUE INDEX person_by_email ON person(email) WHERE closed = 0;
CREATE INDEX person_by_organisation ON person(organisation, email);
CREATE INDEX person_by_role ON person(role);
CREATE INDEX session_by_person ON session(person);
CREATE INDEX key_by_organisation ON key(organisation);

CREATE TABLE act(seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, person BLOB, actor TEXT NOT NULL, what TEXT NOT NULL,
  target TEXT NOT NULL, detail TEXT NOT NULL, chain BLOB NOT NULL);
CREATE TRIGGER act_is_kept BEFORE DELETE ON act BEGIN SELECT RAISE(ABORT, 'the trail of acts is kept'); END;
CREATE TRIGGER act_stands BEFORE UPDATE ON act BEGIN SELECT RAISE(ABORT, 'the trail of acts stands'); END;
CREATE TABLE member_act(id BLOB PRIMARY KEY, organisation BLOB NOT NULL, day INTEGER NOT NULL, person BLOB, actor TEXT NOT NULL,
  what TEXT NOT NULL, target TEXT NOT NULL, detail TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX member_act_by_day ON member_act(organisation, day, id);

CREATE TABLE changed(seq INTEGER PRIMARY KEY AUTOINCREMENT, noun TEXT NOT NULL, id BLOB NOT NULL);
CREATE TRIGGER organisation_made AFTER INSERT ON organisation BEGIN INSERT INTO changed(noun, id) VALUES ('organisation', NEW.id); END;
CREATE TRIGGER organisation_changed AFTER UPDATE ON organisation BEGIN INSERT INTO changed(noun, id) VALUES ('organisation', NEW.id); END;
CREATE TRIGGER organisation_gone AFTER DELETE ON organisation BEGIN INSERT INTO changed(noun, id) VALUES ('organisation', OLD.id); END;
CREATE TRIGGER asset_made AFTER INSERT ON asset BEGIN INSERT INTO changed(noun, id) VALUES ('organisation', NEW.organisation); END;
CREATE TRIGGER asset_gone AFTER DELETE ON asset BEGIN INSERT INTO changed(noun, id) VALUES ('organisation', OLD.organisation); END;
CREATE TRIGGER person_made AFTER INSERT ON person BEGIN INSERT INTO changed(noun, id) VALUES ('person', NEW.id); END;
CREATE TRIGGER person_changed AFTER UPDATE ON person BEGIN INSERT INTO changed(noun, id) VALUES ('person', NEW.id); END;
CREATE TRIGGER person_gone AFTER DELETE ON person BEGIN INSERT INTO changed(noun, id) VALUES ('person', OLD.id); END;
CREATE TRIGGER session_made AFTER INSERT ON session BEGIN INSERT INTO changed(noun, id) VALUES ('session', NEW.hash); END;
CREATE TRIGGER session_changed AFTER UPDATE ON session BEGIN INSERT INTO changed(noun, id) VALUES ('session', NEW.hash); END;
CREATE TRIGGER session_gone AFTER DELETE ON session BEGIN INSERT INTO changed(noun, id) VALUES ('session', OLD.hash); END;
CREATE TRIGGER key_made AFTER INSERT ON key BEGIN INSERT INTO changed(noun, id) VALUES ('key', NEW.hash); END;
CREATE TRIGGER key_changed AFTER UPDATE ON key BEGIN INSERT INTO changed(noun, id) VALUES ('key', NEW.hash); END;
CREATE TRIGGER key_gone AFTER DELETE ON key BEGIN INSERT INTO changed(noun, id) VALUES ('key', OLD.hash); END;
