-- Who has become known to be excluded lately: published lists follow at once.
CREATE INDEX entry_hit ON entry (updated_at) WHERE hits <> 0;
CREATE INDEX exclusion_record_open ON exclusion_record (recorded_at) WHERE cured_at IS NULL;
CREATE INDEX standing_excluded ON standing (recorded_at) WHERE exclusions <> '{}';
