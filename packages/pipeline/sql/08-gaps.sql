-- Each outbox numbers its events 1, 2, 3 …: what is missing below the highest number has not arrived, or not yet. Events that ended
-- without being sent (rejected, quarantined, discarded) are missing here too; `client.reconcile()` tells them apart.

-- A correction has a number as any event has, and a number counts once.
CREATE VIEW numbers AS
SELECT * FROM (
  SELECT producer, seq, ROW_NUMBER() OVER (PARTITION BY producer, seq ORDER BY arrived) AS arrival
  FROM valid_events
  WHERE producer IS NOT NULL AND seq IS NOT NULL
)
WHERE arrival = 1;

CREATE VIEW producer_gaps AS
SELECT /*+ STATE_TTL('numbers' = '0 s') */
  producer,
  COUNT(*) AS received,
  MAX(seq) AS highest,
  MAX(seq) - COUNT(*) AS missing
FROM numbers
GROUP BY producer;

CREATE TABLE gaps_topic (
  producer STRING,
  received BIGINT,
  highest BIGINT,
  missing BIGINT,
  PRIMARY KEY (producer) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = 'usage-gaps',
  'properties.bootstrap.servers' = '${BROKERS}',
  'properties.transaction.timeout.ms' = '600000',
  'key.format' = 'json',
  'value.format' = 'json',
  -- Of several changes of a row within a second only the last is written.
  'sink.buffer-flush.max-rows' = '10000',
  'sink.buffer-flush.interval' = '1 s',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'meter-gaps'
);
