-- Written by `pnpm usage-pipeline meters` from the catalog: what each meter reports, and how a bill is made of it.
-- A map and not a table: it costs no state, and an unknown meter is one that it does not hold.

CREATE VIEW metered AS
SELECT *, MAP[
  'page.processed.basic', 'volume sum',
  'page.processed.advanced', 'volume sum',
  'report.generated.small', 'volume sum',
  'report.generated.medium', 'volume sum',
  'report.generated.large', 'volume sum',
  'report.generated.dataquery', 'volume sum',
  'report.generated.insights', 'volume sum',
  'rule.executed.small', 'volume sum',
  'rule.executed.medium', 'volume sum',
  'rule.executed.large', 'volume sum',
  'chat.on.time_hours', 'performance sum',
  'chat.query.time_secs', 'performance sum',
  'document.storage.size_gb', 'volume last',
  'template.processed.small', 'volume sum',
  'template.processed.medium', 'volume sum',
  'template.processed.large', 'volume sum',
  'template.processed.count', 'volume sum',
  'template.licensed.total', 'volume sum',
  'llm.context.tokens', 'volume sum',
  'llm.generated.tokens', 'volume sum',
  -- Without a value that may be missing, Flink takes it for granted that every meter is found.
  '', CAST(NULL AS STRING)
][meter_id] AS meter
FROM decoded;
