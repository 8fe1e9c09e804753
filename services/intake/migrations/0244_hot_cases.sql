-- A case is changed two to four times within moments, at 1.4 KB: the page keeps room for that, or each change would leave it
-- and write the entries of all indexes anew.
ALTER TABLE financing_case SET (fillfactor = 50);
