import type { DestinationHealth } from "./retry.ts";

/** The state of a destination, for people. */
export interface DestinationStatus extends DestinationHealth {
  readonly name: string;
  readonly queued: number;
  readonly inFlight: number;
}
