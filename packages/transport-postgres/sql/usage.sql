-- Usage events of meter-lib and what they add up to. Run by a user who may create a schema; see README.md for the rights of the others.
BEGIN;
SELECT pg_advisory_xact_lock(hashtextextended('meter-lib migrate', 0));

CREATE SCHEMA IF NOT EXISTS "meter_lib";

-- One row for each event, however often it is sent.
CREATE TABLE IF NOT EXISTS "meter_lib".usage_events (
  tenant_id text NOT NULL,
  event_id text NOT NULL,
  customer_id text NOT NULL,
  device_id text NOT NULL,
  meter_id text NOT NULL,
  -- Start of the hour (UTC) that it counts in, in milliseconds since the epoch: by its end, else its start, else its time.
  hour_ms bigint NOT NULL,
  event_time timestamptz NOT NULL,
  -- Null on meters that report times.
  total_usage bigint,
  start_time timestamptz,
  end_time timestamptz,
  -- The same on the two boundaries of a session.
  session_id text,
  metadata jsonb,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, event_id)
);
CREATE INDEX IF NOT EXISTS usage_events_hour ON "meter_lib".usage_events USING brin (hour_ms);
CREATE INDEX IF NOT EXISTS usage_events_session ON "meter_lib".usage_events (tenant_id, session_id) WHERE session_id IS NOT NULL;

-- A measured time counts in the hour of its end; so does that of a session, once both of its boundaries are there.
CREATE OR REPLACE VIEW "meter_lib".usage_by_hour AS
SELECT
  used.customer_id,
  used.tenant_id,
  used.meter_id,
  to_timestamp(used.hour_ms / 1000) AS hour,
  used.hour_ms,
  count(*) AS events,
  sum(used.total_usage) AS total_usage,
  sum(extract(epoch FROM used.end_time - coalesce(used.start_time, started.start_time)) * 1000)::bigint AS duration_ms
FROM "meter_lib".usage_events AS used
LEFT JOIN LATERAL (
  SELECT min(start_time) AS start_time FROM "meter_lib".usage_events AS boundary
  WHERE used.start_time IS NULL AND used.session_id IS NOT NULL
    AND boundary.tenant_id = used.tenant_id AND boundary.session_id = used.session_id AND boundary.meter_id = used.meter_id
) AS started ON used.end_time IS NOT NULL
GROUP BY used.customer_id, used.tenant_id, used.meter_id, used.hour_ms;

COMMIT;
