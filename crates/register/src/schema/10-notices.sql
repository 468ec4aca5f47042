-- Who is told by mail that there is something new; nobody unless they asked for it.
ALTER TABLE person ADD COLUMN notices INTEGER NOT NULL DEFAULT 0;
CREATE INDEX person_with_notices ON person(organisation, id) WHERE notices = 1;
