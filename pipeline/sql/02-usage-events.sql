-- The topic that meter-lib writes, straight or through a Kafka REST server.

CREATE TABLE usage_events (
  `key` STRING,
  `value` STRING,
  headers MAP<STRING, BYTES> METADATA VIRTUAL,
  written TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `partition` INT METADATA VIRTUAL,
  `offset` BIGINT METADATA VIRTUAL,
  arrived AS PROCTIME()
) WITH (
  'connector' = 'kafka',
  'topic' = 'usage-events',
  'properties.bootstrap.servers' = '${BROKERS}',
  'properties.group.id' = 'meter-usage',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'key.format' = 'raw',
  'key.fields' = 'key',
  'value.format' = 'raw',
  'value.fields-include' = 'EXCEPT_KEY'
);

-- One event of either type. The ids are in the record's headers, or in its metadata when a Kafka REST server wrote it. A client
-- that sends none (meter-lib for Python) is counted as it comes: then the record's place in the topic is the id.
CREATE VIEW decoded AS
SELECT
  COALESCE(CAST(headers['meter.event_id'] AS STRING), JSON_VALUE(`value`, '$.metadata["meter.event_id"]'),
    CONCAT('record ', CAST(`partition` AS STRING), ' ', CAST(`offset` AS STRING))) AS event_id,
  COALESCE(CAST(headers['meter.tenant_id'] AS STRING), JSON_VALUE(`value`, '$.metadata["meter.tenant_id"]'), '') AS tenant_id,
  COALESCE(CAST(headers['meter.session_id'] AS STRING), JSON_VALUE(`value`, '$.metadata["meter.session_id"]')) AS session_id,
  COALESCE(CAST(headers['meter.producer'] AS STRING), JSON_VALUE(`value`, '$.metadata["meter.producer"]')) AS producer,
  COALESCE(CAST(headers['meter.seq'] AS STRING), JSON_VALUE(`value`, '$.metadata["meter.seq"]')) AS seq,
  JSON_VALUE(`value`, '$.customer_id') AS customer_id,
  JSON_VALUE(`value`, '$.meter_id') AS meter_id,
  JSON_VALUE(`value`, '$.total_usage') AS total_usage,
  JSON_VALUE(`value`, '$.event_time') AS event_time,
  JSON_VALUE(`value`, '$.start_time') AS start_time,
  JSON_VALUE(`value`, '$.end_time') AS end_time,
  `key`, `value`, written, `partition`, `offset`, arrived
FROM usage_events;
