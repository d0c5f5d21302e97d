-- Each outbox numbers its events 1, 2, 3 …: what is missing below the highest number has not arrived, or not yet. Events that ended
-- without being sent (rejected, quarantined, discarded) are missing here too; `client.reconcile()` tells them apart.

CREATE VIEW producer_gaps AS
SELECT /*+ STATE_TTL('counted_once' = '0 s') */
  producer,
  COUNT(*) AS received,
  MAX(seq) AS highest,
  MAX(seq) - COUNT(*) AS missing
FROM counted_once
WHERE producer IS NOT NULL AND seq IS NOT NULL
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
