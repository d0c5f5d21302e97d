import {
  type AmbiguityPolicy,
  type Catalog,
  type Clock,
  type CustomerLookup,
  litewaveCatalog,
  MeterClient,
  type MeterError,
  type PostResult,
  type Transport,
  type UsageEvent,
} from "@meter-lib/core";
import { type EventToHandOff, type HandedOff, type HandOff, UNSURE_REASON } from "./hand-off.ts";

export interface DirectHandOffOptions {
  readonly transport: Transport;
  readonly customerLookup: CustomerLookup;
  readonly catalog: Catalog | undefined;
  readonly ambiguity: AmbiguityPolicy | undefined;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

// One event per request in the most common dialect: enough at once to be quick, few enough to be kind.
const MAX_AT_ONCE = 16;
const RETRY_MS = 5_000;
const CUSTOMER_RETRY_MS = 60_000;
const PERMANENT = new Set([400, 413, 422]);

/** Posts events one by one, without an outbox: safe when the receiver has acknowledged them. */
export const directHandOff = ({
  transport,
  customerLookup,
  catalog = litewaveCatalog,
  ambiguity = "quarantine",
  clock,
  timeoutMs,
}: DirectHandOffOptions): HandOff => {
  const client = new MeterClient<Catalog>({ transport, customerLookup, catalog, clock, timeoutMs });
  const post = async ({ event, lapsed }: EventToHandOff): Promise<HandedOff> => {
    const mayRepeat = ambiguity === "resend" || (receiverOf(transport, event).dedup ?? false) !== false;
    if (lapsed && !mayRepeat) return { state: "quarantined", reason: UNSURE_REASON };
    return handedOff(await client.post(withoutType(event)), mayRepeat);
  };
  return (events) => mapAtOnce(events, MAX_AT_ONCE, post);
};

const receiverOf = (transport: Transport, event: UsageEvent): Transport =>
  transport.route === undefined ? transport : receiverOf(transport.route(event), event);

const withoutType = ({ type: _, ...event }: UsageEvent) => event;

const handedOff = (result: PostResult, mayRepeat: boolean): HandedOff =>
  result.ok ? { state: "taken", repeat: result.duplicate } : failed(result.error, mayRepeat);

const failed = (error: MeterError, mayRepeat: boolean): HandedOff => {
  if (error.ambiguous) {
    return mayRepeat
      ? { state: "unsure", reason: "the receiver did not say whether it has it" }
      : { state: "quarantined", reason: UNSURE_REASON };
  }
  if (error.code === "invalid_event") return { state: "rejected", reason: error.message };
  if (error.code === "refused" && isPermanent(error.status))
    return { state: "rejected", reason: error.message };
  const retryAfterMs = error.code === "customer_not_found" ? CUSTOMER_RETRY_MS : RETRY_MS;
  return { state: "refused", reason: error.code, retryAfterMs };
};

/** The receiver judged this one event: by a status about its content, or inside an answer that is otherwise good. */
const isPermanent = (status: number | undefined): boolean =>
  status !== undefined && (status < 300 || PERMANENT.has(status));

/** Like `Promise.all` over a map, with at most `limit` under way. */
const mapAtOnce = async <Input, Output>(
  inputs: readonly Input[],
  limit: number,
  work: (input: Input) => Promise<Output>,
): Promise<readonly Output[]> => {
  const outputs: Output[] = [];
  const queue = inputs.entries();
  const worker = async (): Promise<void> => {
    for (const [index, input] of queue) outputs[index] = await work(input);
  };
  await Promise.all(Array.from({ length: Math.min(limit, inputs.length) }, worker));
  return outputs;
};
