-- The public half of the cell's key of a month: members' devices seal words to it. The private half lies with the vault's keys.
CREATE TABLE cell_key(number INTEGER PRIMARY KEY, public BLOB NOT NULL);
