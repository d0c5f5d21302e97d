import { describeValue, type EventIssue } from "../check/event-issue.ts";
import { isObject } from "../check/is-object.ts";
import { MeterError } from "../errors/meter-error.ts";
import type { EventContext } from "../event/check-event.ts";
import { timeOfEventId } from "../event/event-id.ts";
import { MAX_ID_LENGTH } from "../event/event-rules.ts";
import { eventInput, type UsageEvent } from "../event/usage-event.ts";
import type { Corrected, EventIdentity, Standing } from "../log/outbox/outbox.ts";
import type { ClientCore } from "./client-core.ts";

/** An event to be corrected. */
export interface CorrectedEvent {
  readonly event_id: string;
  /** @default the client's own */
  readonly tenant_id?: string | undefined;
  /** What it says now, for when the outbox has not kept it. */
  readonly event?: UsageEvent | undefined;
}

/**
 * What became of a correction. With `ok`:
 * - `withdrawn`: the event was never counted, and never will be; it is discarded
 * - `replaced`: what was never counted waits, and says now what it is to say
 * - `recorded`: a correction is recorded, and is sent like an event
 * - `repeat`: the event says so already; nothing was changed
 *
 * Without, nothing was changed; `error` says why.
 */
export type CorrectionResult =
  | { readonly ok: true; readonly state: "withdrawn" | "replaced" | "recorded" | "repeat" }
  | { readonly ok: false; readonly error: MeterError };

/** How often it is looked whether an event on its way has an outcome. */
const LOOK_MS = 50;
/** Room in an id for the number of a revision. */
const REVISION_LENGTH = 6;
const DONE = new Set<Corrected["state"]>(["withdrawn", "replaced", "recorded", "repeat"]);

/** Corrects an event: with fields it is amended, without it is cancelled. */
export const correctEvent = async (
  core: ClientCore,
  context: EventContext,
  given: string | CorrectedEvent,
  fields: object | undefined,
  reason: string,
): Promise<CorrectionResult> => {
  const about = typeof given === "string" ? { event_id: given } : given;
  const identity = { tenant_id: about.tenant_id ?? context.tenant_id ?? "", event_id: about.event_id };
  const issues = inputIssues(identity, fields, reason);
  if (issues.length > 0) return refused(MeterError.fromIssues("invalid_event", issues));
  const deadline = core.clock.now() + 2 * core.timeoutMs;
  try {
    for (;;) {
      const standing = await core.engine.standing(identity);
      if (standing?.state !== "inflight") {
        const state = await attempt(core, identity, standing, about.event, fields, reason);
        if (state instanceof MeterError) return refused(state);
        if (isDone(state)) return { ok: true, state };
        const error = errorOf(state, identity);
        if (error !== undefined) return refused(error);
      }
      if (core.clock.now() > deadline)
        return refused(
          new MeterError("timeout", `event_id: ${shown(identity)} is in flight still; call again later`),
        );
      await pause(core);
    }
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return refused(
      new MeterError("outbox_failed", `the outbox could not correct ${shown(identity)}: ${words}`, {
        cause: error,
      }),
    );
  }
};

const attempt = async (
  core: ClientCore,
  identity: EventIdentity,
  standing: Standing | undefined,
  given: UsageEvent | undefined,
  fields: object | undefined,
  reason: string,
): Promise<Corrected["state"] | MeterError> => {
  if (standing === undefined) return "unknown";
  const seen = standing.event ?? given;
  let content: UsageEvent | undefined;
  if (fields !== undefined) {
    if (standing.cancelled) return "cancelled";
    if (seen === undefined) return "no_content";
    const amended = amend(core, seen, fields);
    if (amended instanceof MeterError) return amended;
    content = amended;
  }
  const obstacle =
    standing.mayCount && seen !== undefined ? obstacleTo(core, standing, seen, content) : undefined;
  const state = await core.engine.correct({
    ...identity,
    content,
    seen,
    reason,
    maySend: standing.mayCount && obstacle === undefined,
  });
  return state === "unsupported" && obstacle !== undefined
    ? new MeterError("not_correctable", `event_id: ${shown(identity)} ${obstacle}; nothing was changed`)
    : state;
};

const amend = (core: ClientCore, event: UsageEvent, fields: object): UsageEvent | MeterError => {
  const changes = Object.entries(fields).filter(([, value]) => value !== undefined);
  const { meter_id } = event;
  const issues = changes.flatMap(([field, value]): readonly EventIssue[] => {
    if (field === "event_id" || field === "tenant_id")
      return [
        {
          field,
          given: describeValue(value),
          expected: "no such field: an amended event keeps its identity",
        },
      ];
    return field === "meter_id" && value !== meter_id
      ? [
          {
            field,
            given: describeValue(value),
            expected: `"${meter_id}", the event's own; to move usage to another meter, cancel the event and record another`,
          },
        ]
      : [];
  });
  if (issues.length > 0) return MeterError.fromIssues("invalid_event", issues);
  const checked = core.accept({ ...eventInput(event), ...Object.fromEntries(changes) }, {});
  return checked instanceof MeterError ? checked : checked.event;
};

/** Why the receiver of an event would not carry a correction of it out, in words; undefined when it would. */
const obstacleTo = (
  core: ClientCore,
  { recorded_at }: Standing,
  event: UsageEvent,
  content: UsageEvent | undefined,
): string | undefined => {
  const carrier = core.carrierOf(event);
  if (carrier === undefined) return "has a route that leads nowhere";
  if (content !== undefined && core.carrierOf(content) !== carrier)
    return "would go to another receiver than before: cancel it, and record another";
  const kind = content === undefined ? "cancel" : "amend";
  const withinMs = carrier.receiver?.corrections?.[`${kind}Ms`];
  if (withinMs === undefined)
    return `may be counted, and cannot be ${kind === "cancel" ? "taken back" : "amended"}: ${carrier.name} takes no ${kind === "cancel" ? "cancellations" : "amendments"}`;
  const ageMs = core.clock.now() - (recorded_at ?? timeOfEventId(event.event_id) ?? event.event_time);
  return ageMs > withinMs
    ? `was recorded ${hours(ageMs)} ago, and ${carrier.name} takes a correction within ${hours(withinMs)}`
    : undefined;
};

const hours = (ms: number): string => `${Math.round(ms / 360_000) / 10} h`;

const isDone = (state: Corrected["state"]): state is Extract<CorrectionResult, { ok: true }>["state"] =>
  DONE.has(state);

/** Undefined where another try may do it. */
const errorOf = (state: Corrected["state"], identity: EventIdentity): MeterError | undefined => {
  const id = shown(identity);
  const no = (why: string) =>
    new MeterError("not_correctable", `event_id: ${id} ${why}; nothing was changed`);
  switch (state) {
    case "unknown":
      return no("is not known here: never recorded, or longer ago than ids are remembered");
    case "cancelled":
      return no("was taken back: record another event");
    case "discarded":
      return no("was given up: record another event");
    case "no_content":
      return no(
        "was acknowledged, and what it said is not kept: give it as `event`, or have the outbox keep the content of acknowledged events",
      );
    case "unsupported":
      return no("may be counted by now");
    case "conflict":
      return new MeterError(
        "id_conflict",
        `event_id: the correction of ${id} has the id of another event; nothing was changed`,
      );
    case "full":
      return new MeterError("no_room", `no room for the correction of ${id}; nothing was changed`);
    default:
      return undefined;
  }
};

const shown = ({ tenant_id, event_id }: EventIdentity): string =>
  `${JSON.stringify(event_id)} of tenant ${JSON.stringify(tenant_id)}`;

const refused = (error: MeterError): CorrectionResult => ({ ok: false, error });

const inputIssues = (
  { tenant_id, event_id }: EventIdentity,
  fields: unknown,
  reason: unknown,
): readonly EventIssue[] => {
  const issues: EventIssue[] = [];
  if (typeof event_id !== "string" || event_id === "" || event_id.length > MAX_ID_LENGTH - REVISION_LENGTH)
    issues.push({
      field: "event_id",
      given: describeValue(event_id),
      expected: `the id of an event, of 1 to ${MAX_ID_LENGTH - REVISION_LENGTH} characters`,
    });
  if (typeof tenant_id !== "string" || tenant_id === "")
    issues.push({ field: "tenant_id", given: describeValue(tenant_id), expected: "the event's tenant" });
  if (typeof reason !== "string" || reason === "")
    issues.push({ field: "reason", given: describeValue(reason), expected: "a reason in words" });
  if (fields !== undefined && !isObject(fields))
    issues.push({ field: "fields", given: describeValue(fields), expected: "an object of fields to change" });
  return issues;
};

const pause = async ({ clock }: ClientCore): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  clock.schedule(LOOK_MS, resolve, { holdProcess: true });
  await promise;
};
