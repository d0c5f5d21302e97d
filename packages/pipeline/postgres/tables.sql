-- What the job keeps up to date. Numbers are absolute: writing one twice changes nothing.

CREATE TABLE usage (
  tenant_id text NOT NULL,
  customer_id text NOT NULL,
  meter_id text NOT NULL,
  -- Start of the hour, in milliseconds since the epoch.
  hour_ms bigint NOT NULL,
  events bigint NOT NULL,
  -- Null on meters that report times.
  total_usage numeric(38, 0),
  duration_ms bigint NOT NULL,
  PRIMARY KEY (tenant_id, customer_id, meter_id, hour_ms)
);

CREATE TABLE producer_gaps (
  producer text PRIMARY KEY,
  received bigint NOT NULL,
  highest bigint NOT NULL,
  missing bigint NOT NULL
);
