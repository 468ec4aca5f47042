ALTER TABLE mail ADD COLUMN sealed BLOB;
ALTER TABLE mail ADD COLUMN page BLOB;
CREATE INDEX mail_of_page ON mail(page) WHERE page IS NOT NULL;
CREATE TABLE page(about BLOB NOT NULL, stage INTEGER NOT NULL, day INTEGER NOT NULL, PRIMARY KEY(about, stage)) WITHOUT ROWID;
CREATE INDEX page_by_day ON page(day);
CREATE TABLE hook(id BLOB PRIMARY KEY, page BLOB NOT NULL, sealed BLOB NOT NULL, state TEXT NOT NULL DEFAULT 'queued',
  attempts INTEGER NOT NULL DEFAULT 0, next_try_at INTEGER NOT NULL, trouble TEXT) WITHOUT ROWID;
CREATE INDEX hook_waiting ON hook(next_try_at);
CREATE INDEX hook_of_page ON hook(page);
