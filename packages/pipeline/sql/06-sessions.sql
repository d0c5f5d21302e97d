-- A session (chat.on.time_hours) is two events with one session id: one says when it began, one when it ended, and either may
-- arrive first. Its duration counts in the hour of the end. Boundaries without a session id count as events, without a
-- duration: a tenant may have several chats at once, and which end belongs to which start would be a guess.

CREATE VIEW session_starts AS
SELECT * FROM (
  SELECT tenant_id, customer_id, meter_id, session_id, start_time,
    ROW_NUMBER() OVER (PARTITION BY tenant_id, meter_id, session_id ORDER BY seen) AS arrival
  FROM (SELECT *, PROCTIME() AS seen FROM counted_once)
  WHERE session_id IS NOT NULL AND start_time IS NOT NULL AND end_time IS NULL
)
WHERE arrival = 1;

CREATE VIEW session_ends AS
SELECT * FROM (
  SELECT tenant_id, meter_id, session_id, aggregation, end_time,
    ROW_NUMBER() OVER (PARTITION BY tenant_id, meter_id, session_id ORDER BY seen) AS arrival
  FROM (SELECT *, PROCTIME() AS seen FROM counted_once)
  WHERE session_id IS NOT NULL AND end_time IS NOT NULL AND start_time IS NULL
)
WHERE arrival = 1;

-- A boundary waits for the other as long as SESSION_WINDOW says.
CREATE VIEW session_durations AS
SELECT /*+ STATE_TTL('s' = '${SESSION_WINDOW}', 'e' = '${SESSION_WINDOW}') */
  s.tenant_id, s.customer_id, s.meter_id, e.aggregation, e.end_time AS usage_time, e.end_time - s.start_time AS duration_ms
FROM session_starts AS s
JOIN session_ends AS e
  ON s.tenant_id = e.tenant_id AND s.meter_id = e.meter_id AND s.session_id = e.session_id
WHERE e.end_time >= s.start_time;
