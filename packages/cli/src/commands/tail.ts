import { setTimeout } from "node:timers/promises";
import { type Command, Option } from "commander";
import * as v from "valibot";
import { sandboxUrl } from "../backend/sandbox-url.ts";
import { readServerSentEvents } from "../backend/server-sent-events.ts";
import { CliError } from "../errors/cli-error.ts";
import { EXIT } from "../errors/exit-code.ts";
import { count } from "../flags/count.ts";
import type { Invoke } from "../invoke.ts";
import type { Io } from "../terminal/io.ts";
import { isoTime } from "../terminal/iso-time.ts";
import { bad, dim, good, type Line, type Styled, warn } from "../terminal/line.ts";
import { printJson, printLine } from "../terminal/print.ts";
import type { Report } from "../terminal/report.ts";

interface TailFlags {
  readonly baseUrl?: string;
  readonly tenant?: string;
  readonly meter?: string;
  readonly state?: string;
  readonly since?: number;
  readonly count?: number;
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
const LogAnswer = v.object({ events: v.array(LoggedEvent) });

type Query = Readonly<Record<string, string | number | undefined>>;

const PAGE = 1_000;
/** How long to wait before trying an unreachable sandbox again, at first and at most. */
const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 5_000;
/** A sandbox sends something every 15 s, if only a sign of life. */
const SILENCE_MS = 45_000;

/**
 * Prints events as a sandbox receives them, until Ctrl-C. Reads the log to its end, then continues with the live stream. Waits for a
 * sandbox that is unreachable; the log has what came in between.
 */
const tail = async (flags: TailFlags, io: Io): Promise<Report> => {
  const log = new SandboxLog(sandboxUrl(flags), io.signal);
  const filter = { tenant_id: flags.tenant, meter_id: flags.meter, state: flags.state };
  const { signal, stdout, stderr } = io;
  let left = flags.count ?? Number.POSITIVE_INFINITY;
  let pause = FIRST_PAUSE_MS;
  let isAway = false;

  const show = async (event: LoggedEvent): Promise<void> => {
    await (io.json ? printJson(stdout, event) : printLine(stdout, lineOf(event)));
    left--;
  };
  const answers = async (): Promise<void> => {
    if (isAway) await printLine(stderr, "The sandbox is back.");
    isAway = false;
    pause = FIRST_PAUSE_MS;
  };

  // From here on, everything is new. If there is no sandbox at the URL, fail at once.
  const first = await log.newest();
  let after = flags.since ?? first;
  while (!signal.aborted && left > 0) {
    try {
      const newest = await log.newest();
      await answers();
      // After a reset, or with another sandbox in its place, the numbers start again.
      if (newest < after) after = 0;
      let page: readonly LoggedEvent[];
      do {
        page = await log.read({ ...filter, after, limit: Math.min(PAGE, left) });
        for (const event of page) await show(event);
        after = page.at(-1)?.id ?? after;
      } while (page.length === PAGE && left > 0);
      // Skip events that do not match as well, so that the stream does not send them again.
      after = Math.max(after, newest);
      if (left <= 0) break;
      for await (const event of log.follow({ ...filter, after })) {
        await show(event);
        after = event.id;
        if (left <= 0) break;
      }
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof CliError) || error.exit !== EXIT.undelivered) throw error;
      if (!isAway) await printLine(stderr, [warn(error.message), "; waiting for it"]);
      isAway = true;
      await setTimeout(pause, undefined, { signal }).catch(() => {});
      pause = Math.min(LAST_PAUSE_MS, pause * 2);
    }
  }
  return { exit: EXIT.done, lines: [], data: undefined };
};

/** A sandbox's log of events. */
class SandboxLog {
  readonly #url: string;
  readonly #signal: AbortSignal;

  constructor(url: string, signal: AbortSignal) {
    this.#url = url;
    this.#signal = signal;
  }

  /** The number of the newest event; 0 if there is none. */
  async newest(): Promise<number> {
    return (await this.read({ limit: 1 }))[0]?.id ?? 0;
  }

  /** A page: with `after`, oldest first, else newest first. */
  async read(query: Query): Promise<readonly LoggedEvent[]> {
    const answer = await this.#ask("events", { ...query, brief: "true" }, this.#signal);
    const body: unknown = await answer.json().catch(() => undefined);
    const parsed = v.safeParse(LogAnswer, body);
    if (!parsed.success) throw this.#failed("got a different response");
    return parsed.output.events;
  }

  /** Streams new events. Ends when the sandbox has more events than a stream holds; then continue with `read`. */
  async *follow(query: Query): AsyncGenerator<LoggedEvent, void, undefined> {
    const silent = new AbortController();
    const timer = globalThis.setTimeout(() => silent.abort(), SILENCE_MS);
    const signal = AbortSignal.any([this.#signal, silent.signal]);
    try {
      const answer = await this.#ask("stream", query, signal);
      if (answer.body === null) throw this.#failed("got nothing");
      for await (const { event, data } of readServerSentEvents(answer.body, () => timer.refresh())) {
        if (event === "skipped") return;
        const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), LoggedEvent), data);
        if (!parsed.success) throw this.#failed("got a different response");
        yield parsed.output;
      }
    } catch (error) {
      if (error instanceof CliError) throw error;
      throw this.#failed("lost the connection", { cause: error });
    } finally {
      clearTimeout(timer);
    }
    throw this.#failed("lost the connection");
  }

  async #ask(what: string, query: Query, signal: AbortSignal): Promise<Response> {
    const target = new URL(`${this.#url}/sandbox/v1/${what}`);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) target.searchParams.set(name, String(value));
    let answer: Response;
    try {
      answer = await fetch(target, { signal });
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      const why = cause instanceof Error ? cause.message : String(error);
      throw this.#failed(`got no response: ${why}`, { cause: error });
    }
    if (!answer.ok) throw this.#failed(`got HTTP ${answer.status}`);
    return answer;
  }

  #failed(why: string, options?: ErrorOptions): CliError {
    return new CliError(
      EXIT.undelivered,
      `${this.#url}: expected a sandbox's log of events, ${why}`,
      options,
    );
  }
}

const lineOf = (event: LoggedEvent): Line => {
  const parts = [
    isoTime(event.received_at).replace(/^.*T|Z$/g, ""),
    stateOf(event.state),
    event.tenant_id ?? "-",
    event.meter_id ?? "-",
    usageOf(event),
    ...(event.late ? [warn("late")] : []),
    ...(event.reason === null ? [] : [event.reason]),
    ...(event.event_id === null ? [] : [dim(event.event_id)]),
  ];
  return parts.flatMap((part, index) => (index === 0 ? [part] : ["  ", part]));
};

const stateOf = (state: string): Styled => {
  const text = state.padEnd(9);
  if (state === "accepted") return good(text);
  return state === "duplicate" ? dim(text) : bad(text);
};

const usageOf = ({ total_usage, start_time, end_time }: LoggedEvent): string => {
  if (total_usage !== null) return String(total_usage);
  if (start_time !== null && end_time !== null) return `${end_time - start_time} ms`;
  if (start_time !== null) return "start";
  return end_time === null ? "-" : "end";
};

const STATES = ["accepted", "duplicate", "conflict", "refused"];

export const tailCommand = (command: Command, invoke: Invoke): Command =>
  command
    .option("--base-url <url>", "URL of the sandbox [METER_LIB_BASE_URL]")
    .option("--tenant <id>", "only events of this tenant")
    .option("--meter <id>", "only events of this meter")
    .addOption(new Option("--state <state>", "only events in this state").choices(STATES))
    .option("--since <number>", "start after this number of the log; 0 for its beginning", count("--since"))
    .option("--count <number>", "stop after this many events", count("--count", 1))
    .addHelpText(
      "after",
      `
If the sandbox is unreachable, the command waits for it; no event of its log is skipped.

Examples:
  $ meter tail --state refused
  $ meter tail --since 0 --json | jq .event_id`,
    )
    .action((flags: TailFlags) => invoke(command, (io) => tail(flags, io)));
