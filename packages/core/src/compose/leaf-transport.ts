import type { UsageEvent } from "../event/usage-event.ts";
import type { DestinationFault, Transport } from "../strategies/transport.ts";

/** Follows routes to the transport that carries an event; if a route threw or led nowhere, says why. Routes may lead to routes. */
export type Leaf =
  | { readonly transport: Transport; readonly fault?: undefined }
  | { readonly fault: DestinationFault };

export const leafTransport = (transport: Transport, event: UsageEvent): Leaf => {
  if (transport.route === undefined) return { transport };
  try {
    let leaf = transport;
    while (leaf.route !== undefined) leaf = leaf.route(event);
    if (typeof leaf.send === "function") return { transport: leaf };
    return {
      fault: { kind: "blocked", reason: `the route of tenant ${event.tenant_id} leads to no transport` },
    };
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return { fault: { kind: "blocked", reason: `the route of tenant ${event.tenant_id} threw: ${words}` } };
  }
};
