-- A session has hours alone: the moments at which factors were shown are held in memory, and no row can be joined by time with a report.
ALTER TABLE session DROP COLUMN fresh_at;
ALTER TABLE session DROP COLUMN passkey_at;
UPDATE session SET created_at = created_at - created_at % 3600000, used_at = used_at - used_at % 3600000,
  expires_at = expires_at - expires_at % 3600000;
-- The last used code is a half minute: it lies sealed with the secret's key. A code of the minute before this step can be used once more.
ALTER TABLE totp DROP COLUMN last_step;
ALTER TABLE totp ADD COLUMN used BLOB;
-- Ends that lie a fixed time after the act by which they came, and when a link was used.
UPDATE key SET expires_at = expires_at - expires_at % 3600000 WHERE expires_at IS NOT NULL;
UPDATE device SET expires_at = expires_at - expires_at % 3600000;
UPDATE invitation SET ended_at = ended_at - ended_at % 3600000 WHERE ended_at IS NOT NULL;
UPDATE mail SET next_try_at = 0 WHERE state = 'failed';
-- In what order sessions began and acts were done, which have their time.
DELETE FROM changed WHERE seq < (SELECT max(seq) FROM changed);
