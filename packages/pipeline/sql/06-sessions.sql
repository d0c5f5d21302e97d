-- A session (chat.on.time_hours) is two events with one session id: one says when it began, one when it ended, and either may
-- arrive first. Its duration counts in the hour of the end. Boundaries without a session id count as events, without a
-- duration: a tenant may have several chats at once, and which end belongs to which start would be a guess.

CREATE VIEW session_boundaries AS
SELECT tenant_id, customer_id, meter_id, session_id, start_time, end_time
FROM last_revisions
WHERE session_id IS NOT NULL AND (start_time IS NULL) <> (end_time IS NULL);

-- A boundary waits for the other as long as SESSION_WINDOW says. Of several that claim to be the same one, the earliest counts.
CREATE VIEW session_durations AS
SELECT tenant_id, customer_id, meter_id, end_time AS usage_time, end_time - start_time AS duration_ms
FROM (
  SELECT /*+ STATE_TTL('session_boundaries' = '${SESSION_WINDOW}') */
    tenant_id, MIN(customer_id) AS customer_id, meter_id, session_id, MIN(start_time) AS start_time, MIN(end_time) AS end_time
  FROM session_boundaries
  GROUP BY tenant_id, meter_id, session_id
)
WHERE end_time >= start_time;
