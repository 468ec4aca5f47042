-- What an invitation said is an organisation's own is a proposal until its administrator has saved it. Whoever took part before this
-- step counts as having done so.
ALTER TABLE organisation ADD COLUMN own_confirmed INTEGER NOT NULL DEFAULT 1;
UPDATE organisation SET own_confirmed = 0 WHERE status = 'invited';
