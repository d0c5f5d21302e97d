import type { UsageEvent } from "../event/usage-event.ts";
import type { Transport } from "../strategies/transport.ts";

/** The transport that carries an event in the end: routes may lead to routes. */
export const leafTransport = (transport: Transport, event: UsageEvent): Transport => {
  let leaf = transport;
  while (leaf.route !== undefined) leaf = leaf.route(event);
  return leaf;
};
