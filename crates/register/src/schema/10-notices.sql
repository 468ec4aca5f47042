-- Who is told by mail that there is something new; nobody unless they asked for it, each for the place that they have.
ALTER TABLE person ADD COLUMN notices INTEGER NOT NULL DEFAULT 0;
CREATE INDEX person_with_notices ON person(organisation, id) WHERE notices = 1;
CREATE TRIGGER person_moved AFTER UPDATE OF organisation, role ON person
  WHEN NEW.notices = 1 AND (OLD.organisation IS NOT NEW.organisation OR OLD.role <> NEW.role) BEGIN
  UPDATE person SET notices = 0 WHERE id = NEW.id;
END;
CREATE INDEX mail_notices ON mail(state) WHERE kind = 'notice' AND recipient = '';
