import type { Contestant } from "../contestant.ts";
import { meterLib } from "./meter-lib.ts";
import { peers } from "./peers.ts";
import { undici } from "./undici.ts";

/** In the order of the table. */
export const contestants: readonly Contestant[] = [...undici, ...meterLib, ...peers];
