-- What a mail says lies apart from what became of it: it ends with the sending, by the triggers, and few enough are there at
-- a time to lay them out anew, so that no page keeps what was moved within it.
CREATE TABLE letter(mail INTEGER PRIMARY KEY, subject TEXT NOT NULL, text TEXT NOT NULL, sealed BLOB);
CREATE TABLE mail_9(number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, recipient TEXT NOT NULL, kind TEXT NOT NULL,
  bulk INTEGER NOT NULL, day INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'queued', attempts INTEGER NOT NULL DEFAULT 0,
  next_try_at INTEGER NOT NULL, message_id TEXT, trouble TEXT, unsure INTEGER NOT NULL DEFAULT 0, page BLOB);
INSERT INTO mail_9(number, id, recipient, kind, bulk, day, state, attempts, next_try_at, message_id, trouble, unsure, page)
  SELECT rowid, id, recipient, kind, bulk, day, state, attempts, next_try_at, message_id, trouble, unsure, page FROM mail;
INSERT INTO letter SELECT rowid, subject, text, sealed FROM mail WHERE state <> 'sent';
DROP TABLE mail;
ALTER TABLE mail_9 RENAME TO mail;
CREATE INDEX mail_waiting ON mail(bulk, next_try_at) WHERE state IN ('queued', 'sending');
CREATE INDEX mail_day ON mail(day);
CREATE INDEX mail_of_page ON mail(page) WHERE page IS NOT NULL;
CREATE TRIGGER mail_in AFTER INSERT ON mail BEGIN
  UPDATE mail_load SET waiting = waiting + (NEW.state IN ('queued', 'sending'));
END;
CREATE TRIGGER mail_on AFTER UPDATE OF state ON mail BEGIN
  UPDATE mail_load SET waiting = waiting + (NEW.state IN ('queued', 'sending')) - (OLD.state IN ('queued', 'sending'));
END;
CREATE TRIGGER mail_sent AFTER UPDATE OF state ON mail WHEN NEW.state = 'sent' BEGIN
  DELETE FROM letter WHERE mail = NEW.number;
END;
CREATE TRIGGER mail_out AFTER DELETE ON mail BEGIN
  UPDATE mail_load SET waiting = waiting - (OLD.state IN ('queued', 'sending'));
  DELETE FROM letter WHERE mail = OLD.number;
END;
