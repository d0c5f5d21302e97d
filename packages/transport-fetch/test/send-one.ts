import type { SendAnswer } from "@meter-lib/core/transport";
import { type FetchTransportOptions, fetchTransport } from "../src/index.ts";
import { outgoingEvent } from "./outgoing-event.ts";

/** Sends one event with a fresh transport. */
export const sendOne = (
  options: FetchTransportOptions,
  signal: AbortSignal = AbortSignal.timeout(60_000),
): Promise<SendAnswer> =>
  fetchTransport(options).send({ events: [outgoingEvent()] }, { signal, deadline: Date.now() + 60_000 });
