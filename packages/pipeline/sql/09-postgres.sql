-- The same results in PostgreSQL. A commit there and a checkpoint here are two things, so after a failure rows are written again;
-- they are absolute numbers under a primary key, so they end up right, but for a moment a reader may see an older one.

CREATE TABLE usage_table WITH (
  'connector' = 'jdbc',
  'url' = '${POSTGRES_URL}',
  'table-name' = 'usage',
  'username' = '${POSTGRES_USER}',
  'password' = '${POSTGRES_PASSWORD}',
  'sink.buffer-flush.max-rows' = '1000',
  'sink.buffer-flush.interval' = '1 s',
  'sink.max-retries' = '10'
) LIKE usage_topic (EXCLUDING OPTIONS);

CREATE TABLE gaps_table WITH (
  'connector' = 'jdbc',
  'url' = '${POSTGRES_URL}',
  'table-name' = 'producer_gaps',
  'username' = '${POSTGRES_USER}',
  'password' = '${POSTGRES_PASSWORD}',
  'sink.buffer-flush.max-rows' = '1000',
  'sink.buffer-flush.interval' = '1 s',
  'sink.max-retries' = '10'
) LIKE gaps_topic (EXCLUDING OPTIONS);
