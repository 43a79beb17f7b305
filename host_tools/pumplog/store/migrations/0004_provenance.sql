-- What of a page came from the board itself, and what of it the board's word covers. Of a page from before
-- nobody knows by which way it came; what a complete pull had reached was used, and stays so.
ALTER TABLE pages ADD COLUMN linked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pages ADD COLUMN vouched INTEGER NOT NULL DEFAULT 0;
UPDATE pages SET linked=LENGTH(data);
UPDATE pages SET vouched=records WHERE EXISTS (
    SELECT 1 FROM pulls WHERE pulls.log_id=pages.log_id AND pulls.outcome='complete'
    AND pulls.next_seq >= pages.first_seq + pages.records);
