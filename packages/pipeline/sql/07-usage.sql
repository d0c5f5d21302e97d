-- Usage per tenant, customer, meter and hour. The hours are plain arithmetic on the time of use, never closed: an event that is
-- days late still counts where it belongs.

CREATE VIEW contributions AS
SELECT tenant_id, customer_id, meter_id, aggregation, usage_time,
  1 AS events,
  CAST(total_usage AS DECIMAL(20, 0)) AS total_usage,
  COALESCE(end_time - start_time, 0) AS duration_ms
FROM last_revisions
UNION ALL
SELECT tenant_id, customer_id, meter_id, CAST(NULL AS STRING) AS aggregation, usage_time,
  0 AS events,
  CAST(NULL AS DECIMAL(20, 0)) AS total_usage,
  duration_ms
FROM session_durations;

-- A sum is a bill: it is never forgotten, whatever the dedup forgets.
CREATE VIEW hourly_usage AS
SELECT /*+ STATE_TTL('contributions' = '0 s') */
  tenant_id, customer_id, meter_id,
  usage_time - MOD(usage_time, 3600000) AS hour_ms,
  SUM(events) AS events,
  -- All events of a meter have one aggregation; grouping by it would make it part of the key.
  CASE MAX(aggregation)
    WHEN 'sum' THEN SUM(total_usage)
    -- What may be taken back again is kept, each value of it: of those meters only that need it.
    WHEN 'max' THEN MAX(CASE WHEN aggregation = 'max' THEN total_usage END)
    -- A level is not added up: the newest value stands. Time and value in one text, so that the greatest text is the newest.
    WHEN 'last' THEN CAST(SUBSTRING(MAX(CASE WHEN aggregation = 'last' THEN
      CONCAT(LPAD(CAST(usage_time AS STRING), 16, '0'), LPAD(CAST(total_usage AS STRING), 20, '0')) END) FROM 17) AS DECIMAL(38, 0))
  END AS total_usage,
  SUM(duration_ms) AS duration_ms
FROM contributions
GROUP BY tenant_id, customer_id, meter_id, usage_time - MOD(usage_time, 3600000);

CREATE TABLE usage_topic (
  tenant_id STRING,
  customer_id STRING,
  meter_id STRING,
  hour_ms BIGINT,
  events BIGINT,
  total_usage DECIMAL(38, 0),
  duration_ms BIGINT,
  PRIMARY KEY (tenant_id, customer_id, meter_id, hour_ms) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = 'usage',
  'properties.bootstrap.servers' = '${BROKERS}',
  'properties.transaction.timeout.ms' = '600000',
  'key.format' = 'json',
  'value.format' = 'json',
  'value.json.encode.decimal-as-plain-number' = 'true',
  -- Of several changes of a row within a second only the last is written.
  'sink.buffer-flush.max-rows' = '10000',
  'sink.buffer-flush.interval' = '1 s',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'meter-usage'
);
