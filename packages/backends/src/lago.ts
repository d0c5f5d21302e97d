export type { ApiKey } from "./api-key.ts";
export type { LagoProperties, LagoPropertiesOf } from "./lago/lago-event.ts";
export { type LagoTransportOptions, lagoTransport } from "./lago/lago-transport.ts";
export type { NameMap } from "./name-map.ts";
