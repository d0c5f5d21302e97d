/** For people with several backends. */
export { type FanOut, type FanOutOptions, type FanOutReceipt, fanOut } from "./client/fan-out.ts";
export { type CutOverOptions, cutOver } from "./compose/cut-over.ts";
export { fallback } from "./compose/fallback.ts";
export { route } from "./compose/route.ts";
export { type CustomerOf, withCustomers } from "./compose/with-customers.ts";
