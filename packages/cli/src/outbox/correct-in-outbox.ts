import type { Outbox, UsageEvent } from "@meter-lib/core";
import type { Corrected, EventIdentity } from "@meter-lib/core/store";
import { CliError } from "../errors/cli-error.ts";
import { EXIT } from "../errors/exit-code.ts";
import type { Report } from "../terminal/report.ts";
import { shownPlace } from "./postgres-place.ts";

/** Flags of every correction. */
export interface CorrectionFlags {
  readonly tenant: string;
  readonly reason: string;
  readonly receiverTakes?: boolean;
}

/** How to make what an event is to say of what it says. */
export type Amend = (event: UsageEvent) => Promise<UsageEvent>;

/**
 * Corrects an event in an outbox, without delivering anything.
 *
 * @param amend - left out, the event is taken back
 * @throws CliError when it cannot be corrected
 */
export const correctInOutbox = async (
  place: string,
  outbox: Outbox,
  event_id: string,
  { tenant: tenant_id, reason, receiverTakes = false }: CorrectionFlags,
  amend?: Amend,
): Promise<Report> => {
  if (reason.trim() === "") throw CliError.usage("--reason", "text that says why", "nothing");
  const identity = { tenant_id, event_id };
  const standing = await outbox.standing(identity);
  const content =
    amend === undefined || standing?.event === undefined || standing.cancelled
      ? undefined
      : await amend(standing.event);
  const isKnown = standing !== undefined && (amend === undefined || content !== undefined);
  const { state } = isKnown
    ? await outbox.correct({
        ...identity,
        content,
        seen: standing.event,
        reason,
        maySend: receiverTakes,
      })
    : { state: whyNot(standing) };
  const done = DONE[state];
  if (done === undefined) throw new CliError(exitOf(state), whyText(place, identity, state));
  const next =
    state === "replaced" || state === "recorded"
      ? ` Deliver it with: meter outbox drain ${shownPlace(place)}`
      : "";
  return { exit: EXIT.done, lines: [`${done}${next}`], data: { state } };
};

const whyNot = (standing: Awaited<ReturnType<Outbox["standing"]>>): Corrected["state"] => {
  if (standing === undefined) return "unknown";
  return standing.cancelled ? "cancelled" : "no_content";
};

const DONE: Partial<Record<Corrected["state"], string>> = {
  withdrawn: "It is discarded: it was never counted, and is not sent.",
  replaced: "It waits, and goes out with what it says now.",
  recorded: "A correction waits to be sent.",
  repeat: "It says so already: nothing is changed.",
};

const exitOf = (state: Corrected["state"]) => {
  if (state === "unknown") return EXIT.findings;
  if (state === "full") return EXIT.storage;
  return state === "inflight" || state === "changed" ? EXIT.undelivered : EXIT.data;
};

const WHY: Partial<Record<Corrected["state"], string>> = {
  inflight: "it is in flight: try again in a minute",
  changed: "it was corrected meanwhile: try again",
  cancelled: "it was taken back; record another event",
  unsupported:
    "it may be counted, and nothing says that its receiver carries corrections out; --receiver-takes says so (Stripe cancels within 24 hours, the sandbox and the pipeline keep the highest revision)",
  discarded: "it was given up; record another event",
  no_content: "it is acknowledged, and what it said is not kept",
  full: "there is no room for a correction",
  conflict: "its correction would have the id of another event",
  unknown: "it is not known: never recorded, or longer ago than ids are remembered",
};

const whyText = (place: string, { event_id, tenant_id }: EventIdentity, state: Corrected["state"]): string =>
  `${shownPlace(place)}: ${JSON.stringify(event_id)} of tenant ${JSON.stringify(tenant_id)}: ${WHY[state] ?? state}; nothing is changed`;
