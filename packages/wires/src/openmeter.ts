export type { OpenMeterData, OpenMeterEvent } from "./openmeter/openmeter-event.ts";
export { type OpenMeterTransportOptions, openMeterTransport } from "./openmeter/openmeter-transport.ts";
