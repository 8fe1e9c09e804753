-- Each assignment is written again once or twice soon after it came, many of one page together: room for all of them lets
-- that happen within the page, without touching the indexes.
ALTER TABLE assignment SET (fillfactor = 50);
-- Nothing reads replies by their assignment: what was said stands in the assignment, and evidence is found by its time.
DROP INDEX reply_of_assignment;
