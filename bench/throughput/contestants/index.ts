import type { Contestant } from "../contestant.ts";
import { handWrittenFetch } from "./fetch.ts";
import { meterLib } from "./meter-lib.ts";
import { meteringPeers } from "./metering-peers.ts";
import { pythonMeterLib } from "./python.ts";
import { queueingPeers } from "./queueing-peers.ts";
import { relay } from "./relay.ts";
import { UNDICI_BATCHES, UNDICI_BATCHES_SAME_BYTES, UNDICI_SINGLE, undici } from "./undici.ts";

/** What a user would pick in its place: SDKs, each at its default and at its best. */
export const sdkPeers: readonly Contestant[] = [...meteringPeers, ...queueingPeers];

/** In the order of the table. */
export const contestants: readonly Contestant[] = [
  ...undici,
  ...meterLib,
  ...relay,
  ...handWrittenFetch,
  ...sdkPeers,
  ...pythonMeterLib,
];

/** What the others are compared with: as fast as this machine brings such requests to a receiver. */
export const LIMITS: Readonly<Record<Contestant["requests"], string>> = {
  batches: UNDICI_BATCHES,
  single: UNDICI_SINGLE,
};

/** The limit for what ours sends: the rest of the way to it is the library, the way from it to the other limit is the wire. */
export const SAME_BYTES_LIMIT = UNDICI_BATCHES_SAME_BYTES;

export const contestantNamed = (name: string): Contestant => {
  const found = contestants.find((contestant) => contestant.name === name);
  if (found === undefined) throw new Error(`no contestant ${JSON.stringify(name)}`);
  return found;
};
