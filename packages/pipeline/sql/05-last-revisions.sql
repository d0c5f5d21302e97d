-- What each identity counts for: its highest revision, in whatever order they arrive, and of one revision the first record. A repeat is
-- no higher revision, so an event that is never corrected is counted once. An identity and what it counts for are remembered for the dedup
-- window (table.exec.state.ttl), counted from its newest revision; what meter-lib is told as `dedup.windowMs`, and for how long after its
-- recording an event may be corrected, must be shorter: of an identity that is forgotten, a correction counts as an event of its own.

-- One column to order by, and no more: with several, Flink 2.2 takes the result for one that never changes, and takes nothing back.
CREATE VIEW last_revisions AS
SELECT tenant_id, event.customer_id, event.meter_id, event.aggregation, event.session_id, event.total_usage, event.start_time,
  event.end_time, event.usage_time
FROM (
  SELECT tenant_id, cancelled,
    -- One column, so that all readers of the view share one state: each would get one with the columns that it needs.
    CAST(ROW(customer_id, meter_id, aggregation, session_id, total_usage, start_time, end_time, usage_time) AS
      ROW<customer_id STRING, meter_id STRING, aggregation STRING, session_id STRING, total_usage BIGINT, start_time BIGINT,
        end_time BIGINT, usage_time BIGINT>) AS event,
    ROW_NUMBER() OVER (PARTITION BY tenant_id, event_id ORDER BY revision DESC) AS place
  FROM valid_events
)
WHERE place = 1 AND NOT cancelled;
