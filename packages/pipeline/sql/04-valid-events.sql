-- What can be counted. Everything else goes to the dead letters, whole, with the reason.

CREATE VIEW judged AS
SELECT *,
  CASE
    WHEN customer_id IS NULL OR customer_id = '' THEN 'customer_id is missing'
    WHEN meter IS NULL THEN 'meter_id is not in the catalog'
    WHEN event_time IS NOT NULL AND NOT REGEXP(event_time, '^\[[0-9]{1,16}\]$') THEN 'event_time is no time in milliseconds'
    WHEN start_time IS NOT NULL AND NOT REGEXP(start_time, '^\[[0-9]{1,16}\]$') THEN 'start_time is no time in milliseconds'
    WHEN end_time IS NOT NULL AND NOT REGEXP(end_time, '^\[[0-9]{1,16}\]$') THEN 'end_time is no time in milliseconds'
    WHEN meter LIKE 'volume %' AND (total_usage IS NULL OR NOT REGEXP(total_usage, '^\[[0-9]{1,16}\]$'))
      THEN 'total_usage is no integer from 0'
    WHEN meter LIKE 'performance %' AND start_time IS NULL AND end_time IS NULL THEN 'neither start_time nor end_time'
    WHEN corrects IS NOT NULL AND (revision IS NULL OR NOT REGEXP(revision, '^[1-9][0-9]{0,8}$')) THEN 'meter.revision is no integer from 1'
    WHEN CAST(BTRIM(end_time, '[]') AS BIGINT) < CAST(BTRIM(start_time, '[]') AS BIGINT) THEN 'end_time is before start_time'
  END AS reason
FROM metered
WHERE is_object;

-- Both read what `metered` has decoded. That makes it a step of its own, which reads the JSON of each field once; if it had a single
-- reader, Flink would copy its expressions to every place where a column is named, five times as many.
CREATE VIEW refused AS
SELECT reason, `partition`, `offset`, event_id, tenant_id, `value` FROM judged WHERE reason IS NOT NULL
UNION ALL
SELECT 'the value is no JSON object', `partition`, `offset`, event_id, tenant_id, `value` FROM metered WHERE NOT is_object;

CREATE TABLE dead_letters (
  reason STRING,
  `partition` INT,
  `offset` BIGINT,
  event_id STRING,
  tenant_id STRING,
  `value` STRING
) WITH (
  'connector' = 'kafka',
  'topic' = 'usage-dead-letters',
  'properties.bootstrap.servers' = '${BROKERS}',
  'properties.transaction.timeout.ms' = '600000',
  'format' = 'json',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'meter-dead-letters'
);

CREATE VIEW valid_events AS
SELECT
  COALESCE(corrects, event_id) AS event_id,
  -- The event as it was recorded is revision 0.
  CASE WHEN corrects IS NULL THEN 0 ELSE CAST(revision AS INT) END AS revision,
  corrects IS NOT NULL AND cancelled IS NOT NULL AND cancelled = 'true' AS cancelled,
  tenant_id, customer_id, meter_id, SPLIT_INDEX(meter, ' ', 1) AS aggregation, session_id, producer,
  CAST(seq AS BIGINT) AS seq,
  CAST(BTRIM(total_usage, '[]') AS BIGINT) AS total_usage,
  CAST(BTRIM(start_time, '[]') AS BIGINT) AS start_time,
  CAST(BTRIM(end_time, '[]') AS BIGINT) AS end_time,
  -- It counts when the work ended, else when it began, else when the event says: as everywhere in meter-lib. A client that says
  -- nothing is taken at the time of its record. (COALESCE would work out all four each time.)
  CASE
    WHEN end_time IS NOT NULL THEN CAST(BTRIM(end_time, '[]') AS BIGINT)
    WHEN start_time IS NOT NULL THEN CAST(BTRIM(start_time, '[]') AS BIGINT)
    WHEN event_time IS NOT NULL THEN CAST(BTRIM(event_time, '[]') AS BIGINT)
    ELSE UNIX_TIMESTAMP(DATE_FORMAT(written, 'yyyy-MM-dd HH:mm:ss')) * 1000
  END AS usage_time,
  arrived
FROM judged
WHERE reason IS NULL;
