import type { EventIssue } from "../check/event-issue.ts";
import { MeterError } from "../errors/meter-error.ts";
import type { OutgoingEvent, UsageEvent } from "../event/usage-event.ts";
import type { Outcome, Transport } from "../strategies/transport.ts";

/** Returns a tenant's customer at one backend, or undefined if it has none. Must be the same for the same tenant, also after a restart. */
export type CustomerOf = (tenant_id: string) => string | undefined;

/**
 * A transport for a backend with customer ids of its own, which replace those of the client's lookup. Events of a tenant without one are
 * refused when they are recorded.
 *
 * @throws MeterError `invalid_options` for a transport that routes to others: give each of them its customers
 *
 * @example
 * ```ts
 * const stripe = withCustomers(stripeTransport({ apiKey }), (tenant_id) => stripeCustomers.get(tenant_id));
 * const transport = cutOver({ at, before: openMeter, after: stripe });
 * ```
 */
export const withCustomers = (transport: Transport, customerOf: CustomerOf): Transport => {
  if (transport.route !== undefined) {
    throw MeterError.fromIssues("invalid_options", [
      {
        field: "transport",
        given: transport.name,
        expected: "a transport that sends by itself, not a route",
      },
    ]);
  }
  const issueOf = ({ tenant_id }: UsageEvent): EventIssue | undefined =>
    customerOf(tenant_id) === undefined
      ? {
          field: "tenant_id",
          given: `"${tenant_id}"`,
          expected: `a tenant with a customer at ${transport.name}`,
        }
      : undefined;
  return {
    ...transport,
    check: { ...transport.check, event: (event) => issueOf(event) ?? transport.check?.event?.(event) },
    send: async ({ events }, context) => {
      const known: OutgoingEvent[] = [];
      const rejected = new Map<number, Outcome>();
      for (const [index, event] of events.entries()) {
        const customer_id = customerOf(event.tenant_id);
        if (customer_id !== undefined) known.push({ ...event, customer_id });
        else rejected.set(index, { state: "rejected", reason: `no customer of ${event.tenant_id} is known` });
      }
      if (known.length === 0) return { outcomes: [...rejected.values()] };
      const answer = await transport.send({ events: known }, context);
      if (rejected.size === 0 || answer.fault !== undefined) return answer;
      const told = answer.every === undefined ? answer.outcomes : known.map(() => answer.every);
      let place = 0;
      return {
        receiverTime: answer.receiverTime,
        outcomes: events.flatMap((_, index) => rejected.get(index) ?? told[place++] ?? []),
      };
    },
  };
};
