export { answerJson } from "./answer-body.ts";
export type { Dialect, Part, PartRequest } from "./dialect.ts";
export { dialectTransport } from "./dialect-transport.ts";
export type { HttpAnswer } from "./exchange.ts";
export {
  type Checked,
  type CheckedHttpOptions,
  checkHttpOptions,
  type HttpOptions,
  httpEntries,
} from "./http-options.ts";
export { judgeStatus } from "./judge-status.ts";
