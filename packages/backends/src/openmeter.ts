export type { ApiKey } from "./api-key.ts";
export type { NameMap } from "./name-map.ts";
export type { OpenMeterApi } from "./openmeter/openmeter-dialect.ts";
export type { OpenMeterData, OpenMeterDataOf } from "./openmeter/openmeter-event.ts";
export { type OpenMeterTransportOptions, openMeterTransport } from "./openmeter/openmeter-transport.ts";
