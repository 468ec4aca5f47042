-- A lead asked that a firm be given another way in; another lead has to agree.
CREATE TABLE recovery_asked(organisation BLOB PRIMARY KEY REFERENCES organisation(id), person BLOB, name TEXT NOT NULL, email TEXT NOT NULL,
  by BLOB NOT NULL REFERENCES person(id), at INTEGER NOT NULL) WITHOUT ROWID;
