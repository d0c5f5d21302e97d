export type { ApiKey } from "./api-key.ts";
export type { AutumnValue } from "./autumn/autumn-track.ts";
export { type AutumnTransportOptions, autumnTransport } from "./autumn/autumn-transport.ts";
export type { NameMap } from "./name-map.ts";
