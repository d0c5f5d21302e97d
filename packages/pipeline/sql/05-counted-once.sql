-- The first arrival of each identity. An identity is remembered for the dedup window (table.exec.state.ttl), counted from its first
-- arrival; what meter-lib is told as `dedup.windowMs` must be shorter.

CREATE VIEW counted_once AS
SELECT * FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY tenant_id, event_id ORDER BY arrived) AS arrival
  FROM valid_events
)
WHERE arrival = 1;
