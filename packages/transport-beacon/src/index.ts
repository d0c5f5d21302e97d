export { beaconTransport } from "./beacon-transport.ts";
export type { BeaconTransportOptions } from "./beacon-transport-options.ts";
export { deliverThroughPageLife, type PageLifeClient } from "./deliver-through-page-life.ts";
export type { TokenSource } from "./page-token.ts";
export { relayCustomers } from "./relay-customers.ts";
