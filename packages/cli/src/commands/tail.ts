import { setTimeout } from "node:timers/promises";
import { resolveConnection } from "meter-lib";
import * as v from "valibot";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import type { Report } from "../report.ts";
import type { Io } from "../terminal/io.ts";
import type { Paint } from "../terminal/paint.ts";
import { printable } from "../terminal/printable.ts";

export interface TailFlags {
  readonly baseUrl?: string;
  readonly tenant?: string;
  readonly meter?: string;
  readonly state?: string;
  readonly since?: number;
  readonly count?: number;
  readonly interval: number;
}

const text = v.nullable(v.string());
const number = v.nullable(v.number());
const LoggedEvent = v.looseObject({
  id: v.number(),
  state: v.string(),
  late: v.boolean(),
  received_at: v.number(),
  tenant_id: text,
  meter_id: text,
  event_id: text,
  total_usage: number,
  start_time: number,
  end_time: number,
  reason: text,
});
type LoggedEvent = v.InferOutput<typeof LoggedEvent>;
const Answer = v.object({ events: v.array(LoggedEvent) });

const PAGE = 1_000;

/** Prints what a sandbox receives, as it comes in, until Ctrl-C. A sandbox that is away for a while is waited for. */
export const tail = async (flags: TailFlags, io: Io): Promise<Report> => {
  const url = String(resolveConnection({ baseUrl: flags.baseUrl }).baseUrl);
  const { signal, stdout, stderr } = io;
  const left = () => (flags.count === undefined ? PAGE : flags.count - shown);
  let shown = 0;
  let isAway = false;
  // The newest one there is: from here on all is new.
  let after = flags.since ?? (await readEvents(url, { limit: 1 }, signal))[0]?.id ?? 0;
  while (!signal.aborted && left() > 0) {
    try {
      const events = await readEvents(
        url,
        { ...filterOf(flags), after, limit: Math.min(PAGE, left()) },
        signal,
      );
      if (isAway) await stderr.write("The sandbox is back.\n");
      isAway = false;
      for (const event of events)
        await stdout.write(`${io.json ? JSON.stringify(event) : lineOf(event, stdout.paint)}\n`);
      after = events.at(-1)?.id ?? after;
      shown += events.length;
      if (events.length > 0) continue;
    } catch (error) {
      if (!(error instanceof CliError) || error.exit !== EXIT.undelivered) throw error;
      if (!isAway) await stderr.write(`${stderr.paint.warn(error.message)}; waiting for it\n`);
      isAway = true;
    }
    await setTimeout(flags.interval, undefined, { signal }).catch(() => {});
  }
  return { exit: EXIT.done, text: "", data: undefined };
};

const filterOf = ({ tenant, meter, state }: TailFlags) => ({ tenant_id: tenant, meter_id: meter, state });

const readEvents = async (
  url: string,
  query: Readonly<Record<string, string | number | undefined>>,
  signal: AbortSignal,
): Promise<readonly LoggedEvent[]> => {
  const target = new URL("/sandbox/v1/events", url);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) target.searchParams.set(name, String(value));
  const failed = (why: string, options?: ErrorOptions) =>
    new CliError(EXIT.undelivered, `${target.origin}: expected a sandbox's log of events, ${why}`, options);
  let body: unknown;
  try {
    const answer = await fetch(target, { signal });
    if (!answer.ok) throw failed(`got HTTP ${answer.status}`);
    body = await answer.json();
  } catch (error) {
    if (signal.aborted) return [];
    if (error instanceof CliError) throw error;
    const cause = error instanceof Error ? error.cause : undefined;
    throw failed(`got no answer: ${cause instanceof Error ? cause.message : String(error)}`, {
      cause: error,
    });
  }
  const parsed = v.safeParse(Answer, body);
  if (!parsed.success) throw failed("got something else");
  return parsed.output.events;
};

const lineOf = (event: LoggedEvent, paint: Paint): string => {
  const state = event.state.padEnd(9);
  const painted =
    event.state === "accepted"
      ? paint.good(state)
      : event.state === "duplicate"
        ? paint.dim(state)
        : paint.bad(state);
  const parts = [
    new Date(event.received_at).toISOString().slice(11, 23),
    painted,
    printable(event.tenant_id ?? "-"),
    printable(event.meter_id ?? "-"),
    usageOf(event),
    ...(event.late ? [paint.warn("late")] : []),
    ...(event.reason === null ? [] : [printable(event.reason)]),
    ...(event.event_id === null ? [] : [paint.dim(printable(event.event_id))]),
  ];
  return parts.join("  ");
};

const usageOf = ({ total_usage, start_time, end_time }: LoggedEvent): string => {
  if (total_usage !== null) return String(total_usage);
  if (start_time !== null && end_time !== null) return `${end_time - start_time} ms`;
  if (start_time !== null) return "start";
  return end_time === null ? "-" : "end";
};
