-- The topic that meter-lib writes, straight or through a Kafka REST server.

CREATE TABLE usage_events (
  `value` STRING,
  headers MAP<STRING, BYTES> METADATA VIRTUAL,
  written TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `partition` INT METADATA VIRTUAL,
  `offset` BIGINT METADATA VIRTUAL,
  -- The ids are in the record's headers, or in the value when a Kafka REST server wrote it: read there only if it has to be.
  without_headers AS CASE WHEN headers['meter.event_id'] IS NULL THEN `value` END,
  arrived AS PROCTIME()
) WITH (
  'connector' = 'kafka',
  'topic' = 'usage-events',
  'properties.bootstrap.servers' = '${BROKERS}',
  'properties.group.id' = 'meter-usage',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'value.format' = 'raw'
);

-- One event of either type. A client that sends no id (meter-lib for Python) is counted as it comes: then the record's place in the
-- topic is the id. Numbers stay in brackets, [24], which tells them from texts, ["24"].
CREATE VIEW decoded AS
SELECT
  `value` IS NOT NULL AND `value` IS JSON OBJECT AS is_object,
  COALESCE(CAST(headers['meter.event_id'] AS STRING), JSON_VALUE(without_headers, '$.metadata["meter.event_id"]'),
    CONCAT('record ', CAST(`partition` AS STRING), ' ', CAST(`offset` AS STRING))) AS event_id,
  COALESCE(CAST(headers['meter.tenant_id'] AS STRING), JSON_VALUE(without_headers, '$.metadata["meter.tenant_id"]'), '') AS tenant_id,
  COALESCE(CAST(headers['meter.session_id'] AS STRING), JSON_VALUE(without_headers, '$.metadata["meter.session_id"]')) AS session_id,
  COALESCE(CAST(headers['meter.producer'] AS STRING), JSON_VALUE(without_headers, '$.metadata["meter.producer"]')) AS producer,
  COALESCE(CAST(headers['meter.seq'] AS STRING), JSON_VALUE(without_headers, '$.metadata["meter.seq"]')) AS seq,
  -- A correction names the event that it corrects, and the revision of that event that it is.
  COALESCE(CAST(headers['meter.corrects'] AS STRING), JSON_VALUE(without_headers, '$.metadata["meter.corrects"]')) AS corrects,
  COALESCE(CAST(headers['meter.revision'] AS STRING), JSON_VALUE(without_headers, '$.metadata["meter.revision"]')) AS revision,
  COALESCE(CAST(headers['meter.cancelled'] AS STRING), JSON_VALUE(without_headers, '$.metadata["meter.cancelled"]')) AS cancelled,
  JSON_VALUE(`value`, '$.customer_id') AS customer_id,
  JSON_VALUE(`value`, '$.meter_id') AS meter_id,
  JSON_QUERY(`value`, '$.total_usage' WITH UNCONDITIONAL WRAPPER) AS total_usage,
  JSON_QUERY(`value`, '$.event_time' WITH UNCONDITIONAL WRAPPER) AS event_time,
  JSON_QUERY(`value`, '$.start_time' WITH UNCONDITIONAL WRAPPER) AS start_time,
  JSON_QUERY(`value`, '$.end_time' WITH UNCONDITIONAL WRAPPER) AS end_time,
  `value`, written, `partition`, `offset`, arrived
FROM usage_events;
