export type { ApiKey } from "./api-key.ts";
export type { LateReport, Refuter, UnnamedRejections, UnresolvedRejection } from "./late/refuter.ts";
export type { NameMap } from "./name-map.ts";
export type { OpenMeterApi } from "./openmeter/openmeter-dialect.ts";
export type { OpenMeterData, OpenMeterDataOf } from "./openmeter/openmeter-event.ts";
export {
  type OpenMeterLateRejectionsOptions,
  openMeterLateRejections,
  type PollOptions,
} from "./openmeter/openmeter-late-rejections.ts";
export { type OpenMeterLedgerOptions, openMeterLedger } from "./openmeter/openmeter-ledger.ts";
export { type OpenMeterTransportOptions, openMeterTransport } from "./openmeter/openmeter-transport.ts";
