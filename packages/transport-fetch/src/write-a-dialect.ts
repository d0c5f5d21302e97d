export { dialectTransport } from "./dialect-transport.ts";
export { answerJson } from "./dialects/answer-body.ts";
export type { Dialect, Part, PartRequest } from "./dialects/dialect.ts";
export { judgeStatus } from "./dialects/judge-status.ts";
export type { HttpAnswer } from "./http/exchange.ts";
export {
  type Checked,
  type CheckedHttpOptions,
  checkHttpOptions,
  type HttpOptions,
  httpEntries,
} from "./http-options.ts";
