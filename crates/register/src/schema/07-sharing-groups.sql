CREATE TABLE sharing_group(id BLOB PRIMARY KEY, name TEXT NOT NULL, folded TEXT NOT NULL UNIQUE, purpose TEXT NOT NULL,
  ends_at INTEGER, who_may_add TEXT NOT NULL, created_at INTEGER NOT NULL, last_joined INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE group_member(sharing_group BLOB NOT NULL, organisation BLOB NOT NULL, joined_at INTEGER NOT NULL,
  organiser INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(sharing_group, organisation)) WITHOUT ROWID;
CREATE INDEX group_member_by_organisation ON group_member(organisation);
CREATE TRIGGER group_made AFTER INSERT ON sharing_group BEGIN INSERT INTO changed(noun, id) VALUES ('group', NEW.id); END;
CREATE TRIGGER group_changed AFTER UPDATE ON sharing_group BEGIN INSERT INTO changed(noun, id) VALUES ('group', NEW.id); END;
CREATE TRIGGER group_joined AFTER INSERT ON group_member BEGIN INSERT INTO changed(noun, id) VALUES ('group', NEW.sharing_group); END;
CREATE TRIGGER group_member_changed AFTER UPDATE ON group_member BEGIN INSERT INTO changed(noun, id) VALUES ('group', NEW.sharing_group); END;
CREATE TRIGGER group_left AFTER DELETE ON group_member BEGIN INSERT INTO changed(noun, id) VALUES ('group', OLD.sharing_group); END;
CREATE TRIGGER group_left_with_the_partnership AFTER UPDATE OF status ON organisation WHEN NEW.status = 'left' BEGIN
  DELETE FROM group_member WHERE organisation = NEW.id;
END;
