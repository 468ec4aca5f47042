CREATE TABLE mail(id BLOB NOT NULL UNIQUE, recipient TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL, kind TEXT NOT NULL,
  bulk INTEGER NOT NULL, day INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'queued', attempts INTEGER NOT NULL DEFAULT 0,
  next_try_at INTEGER NOT NULL, message_id TEXT, trouble TEXT, unsure INTEGER NOT NULL DEFAULT 0);
CREATE INDEX mail_waiting ON mail(bulk, next_try_at) WHERE state IN ('queued', 'sending');
CREATE INDEX mail_day ON mail(day);
CREATE TABLE mail_load(waiting INTEGER NOT NULL);
INSERT INTO mail_load VALUES (0);
CREATE TRIGGER mail_in AFTER INSERT ON mail BEGIN
  UPDATE mail_load SET waiting = waiting + (NEW.state IN ('queued', 'sending'));
END;
CREATE TRIGGER mail_on AFTER UPDATE OF state ON mail BEGIN
  UPDATE mail_load SET waiting = waiting + (NEW.state IN ('queued', 'sending')) - (OLD.state IN ('queued', 'sending'));
END;
CREATE TRIGGER mail_out AFTER DELETE ON mail BEGIN
  UPDATE mail_load SET waiting = waiting - (OLD.state IN ('queued', 'sending'));
END;
