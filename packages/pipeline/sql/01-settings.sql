-- How the job runs. The names in ${…} come from whoever submits the job: see the table in the README.

SET 'pipeline.name' = 'meter usage';
SET 'execution.runtime-mode' = 'streaming';
-- Hours are those of UTC.
SET 'table.local-time-zone' = 'UTC';
SET 'parallelism.default' = '${PARALLELISM}';

-- Nothing here keeps a row that it was handed, so rows need not be copied between the steps.
SET 'pipeline.object-reuse' = 'true';

-- Results are exact because state, offsets and what was written to Kafka are committed together, by checkpoints.
SET 'execution.checkpointing.interval' = '${CHECKPOINT_INTERVAL}';
SET 'execution.checkpointing.mode' = 'EXACTLY_ONCE';
SET 'execution.checkpointing.dir' = '${CHECKPOINT_DIR}';
SET 'execution.checkpointing.num-retained' = '3';
SET 'execution.checkpointing.externalized-checkpoint-retention' = 'RETAIN_ON_CANCELLATION';

-- The ids of the dedup are most of the state: it lives on disk, and only what is new goes into a checkpoint.
SET 'state.backend.type' = 'rocksdb';
SET 'execution.checkpointing.incremental' = 'true';
-- Nearly every identity is a new one: a filter in memory says so without a look at the disk.
SET 'state.backend.rocksdb.use-bloom-filter' = 'true';

-- A broker that is away is not a reason to give up.
SET 'restart-strategy.type' = 'exponential-delay';
SET 'restart-strategy.exponential-delay.max-backoff' = '30 s';

-- State that says nothing else is forgotten after the dedup window. Whatever must not be forgotten says so itself (STATE_TTL).
SET 'table.exec.state.ttl' = '${DEDUP_WINDOW}';

-- The dedup is shared by everything that reads it; by default each reader would get one of its own, with a state of its own.
SET 'table.optimizer.reuse-optimize-block-with-digest-enabled' = 'true';
