-- The same results in PostgreSQL. A commit there and a checkpoint here are two things, so after a failure rows are written again;
-- they are absolute numbers under a primary key, so they end up right, but for a moment a reader may see an older one.

CREATE TABLE usage_table (
  tenant_id STRING,
  customer_id STRING,
  meter_id STRING,
  hour_ms BIGINT,
  events BIGINT,
  total_usage DECIMAL(38, 0),
  duration_ms BIGINT,
  PRIMARY KEY (tenant_id, customer_id, meter_id, hour_ms) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${POSTGRES_URL}',
  'table-name' = 'usage',
  'username' = '${POSTGRES_USER}',
  'password' = '${POSTGRES_PASSWORD}',
  'sink.buffer-flush.max-rows' = '1000',
  'sink.buffer-flush.interval' = '1 s',
  'sink.max-retries' = '10'
);

CREATE TABLE gaps_table (
  producer STRING,
  received BIGINT,
  highest BIGINT,
  missing BIGINT,
  PRIMARY KEY (producer) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${POSTGRES_URL}',
  'table-name' = 'producer_gaps',
  'username' = '${POSTGRES_USER}',
  'password' = '${POSTGRES_PASSWORD}',
  'sink.buffer-flush.max-rows' = '1000',
  'sink.buffer-flush.interval' = '1 s',
  'sink.max-retries' = '10'
);
