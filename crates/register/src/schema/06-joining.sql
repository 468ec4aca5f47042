CREATE TABLE joining_setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE invitation(id BLOB PRIMARY KEY, hash BLOB NOT NULL UNIQUE, kind TEXT NOT NULL, organisation BLOB, person BLOB,
  role TEXT NOT NULL, email TEXT NOT NULL, name TEXT NOT NULL, language TEXT NOT NULL, vetting TEXT,
  vetting_until INTEGER, wall TEXT, by BLOB, state TEXT NOT NULL, made_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  ended_at INTEGER) WITHOUT ROWID;
CREATE INDEX invitation_of_organisation ON invitation(organisation, made_at, id);
CREATE INDEX invitation_by_time ON invitation(made_at, id);
CREATE INDEX invitation_by_sender ON invitation(by, state);
CREATE TABLE enrolment(hash BLOB PRIMARY KEY, person BLOB NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX enrolment_of_person ON enrolment(person);
CREATE TABLE sponsorship(id BLOB PRIMARY KEY, sponsor BLOB NOT NULL, by BLOB, name TEXT NOT NULL, folded TEXT NOT NULL,
  sector TEXT NOT NULL, region TEXT, size TEXT, domain TEXT NOT NULL, contact TEXT NOT NULL, email TEXT NOT NULL,
  why TEXT NOT NULL, state TEXT NOT NULL, day INTEGER NOT NULL, decided_day INTEGER, decided_by BLOB, reason TEXT,
  organisation BLOB) WITHOUT ROWID;
CREATE INDEX sponsorship_by_sponsor ON sponsorship(sponsor, state);
CREATE INDEX sponsorship_by_day ON sponsorship(day, id);
CREATE INDEX sponsorship_of_organisation ON sponsorship(organisation);
CREATE TABLE terms(version INTEGER PRIMARY KEY, text TEXT NOT NULL, from_day INTEGER NOT NULL, published_at INTEGER NOT NULL,
  by BLOB);
CREATE TABLE terms_acceptance(organisation BLOB NOT NULL, version INTEGER NOT NULL, person BLOB NOT NULL, day INTEGER NOT NULL,
  PRIMARY KEY(organisation, version, person)) WITHOUT ROWID;
CREATE TABLE last_use(organisation BLOB PRIMARY KEY, day INTEGER NOT NULL, notice INTEGER NOT NULL DEFAULT 0, notice_day INTEGER,
  quiet INTEGER NOT NULL DEFAULT 0, back_day INTEGER) WITHOUT ROWID;
ALTER TABLE organisation ADD COLUMN size TEXT;
ALTER TABLE organisation ADD COLUMN terms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE organisation ADD COLUMN overdue INTEGER NOT NULL DEFAULT 0;
CREATE INDEX organisation_by_status ON organisation(status, folded, id);
