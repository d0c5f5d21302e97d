export { type PipelineLedgerOptions, pipelineLedger } from "./postgres/pipeline-ledger.ts";
