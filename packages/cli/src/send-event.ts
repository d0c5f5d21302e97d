import { type Catalog, MeterClient, type MeterError, type SettledOutcome } from "@meter-lib/core";
import { describeIssue } from "@meter-lib/core/transport";
import { connect } from "./backend/connect.ts";
import { readCatalogFile } from "./catalog/catalog-file.ts";
import { conflictText } from "./errors/conflict-text.ts";
import { meterErrorExit } from "./errors/describe-error.ts";
import { EXIT, type ExitCode } from "./errors/exit-code.ts";
import type { ConnectionFlags } from "./flags/connection-flags.ts";
import { EVENT_FLAGS, type EventFlags, eventOf } from "./flags/event-flags.ts";
import { lookIntoPerhaps, rememberingOutbox } from "./outbox/open-outbox.ts";
import type { Io } from "./terminal/io.ts";
import { bad, good, type Line } from "./terminal/line.ts";
import type { Report } from "./terminal/report.ts";
import { tellWarnings } from "./terminal/tell-warnings.ts";

const RECORD_WAIT_MS = 10_000;

/** The result for one event: in words for people, as data for programs. */
interface Fate {
  readonly exit: ExitCode;
  readonly state: string;
  readonly words: string | readonly string[];
  readonly hint?: string;
  readonly detail?: object;
}

/** Sends one event, directly or through an outbox, and describes the result. */
export const sendEvent = async (flags: EventFlags & ConnectionFlags, io: Io): Promise<Report> => {
  const catalog = await readCatalogFile(flags.catalog ?? "litewave");
  const { transport, customerLookup } = connect(flags, io);
  const { record } = flags;
  const client = new MeterClient({
    catalog,
    transport,
    customerLookup,
    ...(record === undefined || flags.dryRun ? {} : { outbox: rememberingOutbox(record) }),
    delivery: { lingerMs: 0 },
  });
  tellWarnings(client, io);
  try {
    const issue = client.check(eventOf(flags));
    if (issue !== undefined) return reportOf(refusedFate(issue), undefined);
    if (flags.dryRun) return reportOf(await dryFate(flags), flags.id);
    return record === undefined
      ? await post(client, flags, io)
      : await recordEvent(client, flags, record, io);
  } finally {
    await client.close({ timeoutMs: 0 });
  }
};

const dryFate = async (flags: EventFlags): Promise<Fate> => {
  const { id, record } = flags;
  const event = { ...eventOf(flags), event_id: id ?? "" };
  const [found] =
    id === undefined || record === undefined
      ? []
      : await lookIntoPerhaps(record, async (outbox) => outbox?.recognize([event]) ?? []);
  if (found === "conflict")
    return {
      exit: EXIT.data,
      state: "id_conflict",
      words: `${conflictText(event)}.`,
      hint: "Nothing was sent.",
    };
  const words =
    found === "repeat"
      ? `The event is valid, and recorded in ${record} already. Nothing was sent.`
      : "The event is valid. Nothing was sent.";
  return { exit: EXIT.done, state: "checked", words };
};

const post = async (client: MeterClient<Catalog>, flags: EventFlags, io: Io): Promise<Report> => {
  const result = await client.post(eventOf(flags), { signal: io.signal });
  if (!result.ok) return reportOf(errorFate(result.error, result.event_id), result.event_id);
  const words = result.duplicate
    ? "The backend already had this event; it is counted once."
    : "Accepted by the backend.";
  return reportOf(
    {
      exit: EXIT.done,
      state: "accepted",
      words,
      detail: { duplicate: result.duplicate, response: result.response },
    },
    result.event_id,
  );
};

const recordEvent = async (
  client: MeterClient<Catalog>,
  flags: EventFlags,
  file: string,
  io: Io,
): Promise<Report> => {
  const receipt = client.record(eventOf(flags));
  const durable = await receipt.durable;
  if (!durable.ok && durable.reason === "refused")
    return reportOf(errorFate(durable.error, receipt.event_id), receipt.event_id);
  const waits = new Promise<SettledOutcome | undefined>((resolve) => {
    const giveUp = () => resolve(undefined);
    const timer = setTimeout(giveUp, RECORD_WAIT_MS);
    io.signal.addEventListener("abort", giveUp, { once: true });
    client.on("blocked", giveUp);
    client.on("parked", giveUp);
    void receipt.settled.then((outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    });
  });
  const outcome = await waits;
  const { parked, destinations, lookup } = client.health();
  const why =
    parked[0]?.reason ?? [...destinations, lookup].find(({ reason }) => reason !== undefined)?.reason;
  return reportOf(settledFate(outcome, file, why), receipt.event_id);
};

const settledFate = (outcome: SettledOutcome | undefined, file: string, why: string | undefined): Fate => {
  if (outcome?.state === "acknowledged") {
    return {
      exit: EXIT.done,
      state: "acknowledged",
      words: outcome.duplicate
        ? "Already recorded; it is counted once."
        : "Recorded, and accepted by the backend.",
    };
  }
  if (outcome === undefined || outcome.state === "persisted") {
    return {
      exit: EXIT.undelivered,
      state: "recorded",
      words: `Recorded in ${file}, not delivered yet${why === undefined ? "" : `: ${why}`}.`,
      hint: `Deliver it later with: meter outbox drain ${file}`,
    };
  }
  if (outcome.state === "refused") return errorFate(outcome.error, undefined);
  const reason = "reason" in outcome ? `: ${outcome.reason}` : "";
  const hint = `List it with: meter outbox list ${file}`;
  return outcome.state === "quarantined"
    ? {
        exit: EXIT.ambiguous,
        state: outcome.state,
        words: `Recorded; it may have been counted${reason}.`,
        hint,
      }
    : {
        exit: EXIT.undelivered,
        state: outcome.state,
        words: `Recorded, then ${outcome.state}${reason}.`,
        hint,
      };
};

const refusedFate = (error: MeterError): Fate => ({
  exit: meterErrorExit(error),
  state: "refused",
  words: error.issues.map(({ field, ...issue }) =>
    describeIssue({ ...issue, field: EVENT_FLAGS[field] ?? field }),
  ),
  hint: "Nothing was sent.",
});

const errorFate = (error: MeterError, event_id: string | undefined): Fate => {
  if (error.issues.length > 0) return refusedFate(error);
  return {
    exit: meterErrorExit(error),
    state: error.code,
    words: `${error.message}.`,
    hint: error.ambiguous
      ? `It may have been counted. If you send it again, use the same id, so that it is counted once: --id ${event_id}`
      : (HINTS[error.code] ?? "Nothing was counted."),
    detail: { ambiguous: error.ambiguous, status: error.status, response: error.body },
  };
};

const HINTS: Readonly<Record<string, string>> = {
  customer_not_found: "Nothing was counted. Create the tenant's customer, or check --tenant.",
  lookup_failed:
    "Nothing was counted. Check --lookup-url, --lookup-route and --api-key: run meter doctor for details.",
  unreachable: "Nothing was counted. Check --base-url: run meter doctor for details.",
};

const reportOf = ({ exit, state, words, hint, detail }: Fate, event_id: string | undefined): Report => {
  const texts = typeof words === "string" ? [words] : words;
  const lines: readonly Line[] = [
    ...texts.map(exit === EXIT.done ? good : bad),
    ...(hint === undefined ? [] : [hint]),
    ...(event_id === undefined || state === "checked" ? [] : [`event ${event_id}`]),
  ];
  return { exit, lines, data: { state, event_id, message: texts.join("\n"), ...detail } };
};
