/**
 * The judge. It reads what the writer wrote down, what the receiver got and what the outbox still holds, each word for word, and
 * shares no code with the library or the sandbox.
 */

/** One event in one request, as the receiver got it. */
export interface Arrival {
  readonly id: string;
  readonly tenant: string;
  readonly usage: number;
  readonly bytes: string;
  readonly counted: boolean;
  /** The sender could not know whether it was counted. */
  readonly unsure?: boolean;
}

export interface Evidence {
  /** The writer's journal. */
  readonly journal: string;
  readonly arrivals: readonly Arrival[];
  /** Ids that the outbox still holds, by the state of their rows. */
  readonly pending: ReadonlySet<string>;
  readonly quarantined: ReadonlySet<string>;
  readonly rejected: ReadonlySet<string>;
  /** Whether the receiver promised to count an identity once. */
  readonly dedup: boolean;
}

export interface Verdict {
  readonly issued: number;
  readonly durable: number;
  readonly arrivals: number;
  readonly counted: number;
  /** Arrivals of an identity that had arrived before. */
  readonly duplicatesReceived: number;
  readonly quarantined: number;
  /** Not delivered, though nothing fails any more. */
  readonly leftOver: readonly string[];
  /** Durable, and neither counted nor kept anywhere. */
  readonly lost: readonly string[];
  readonly countedTwice: readonly string[];
  /** Counted or received, and never issued. */
  readonly unknown: readonly string[];
  /** Arrived with other bytes, another tenant or another usage than issued, or than the time before. */
  readonly altered: readonly string[];
  /** At a receiver that does not deduplicate: unsure, and not in quarantine. */
  readonly unsureAndFree: readonly string[];
  /** What the writer wrote down that must never happen. */
  readonly alarms: readonly string[];
}

interface Issue {
  readonly tenant: string;
  readonly usage: number;
}

export const judge = (evidence: Evidence): Verdict => {
  const { arrivals, pending, quarantined, rejected, dedup } = evidence;
  const issued = new Map<string, Issue>();
  const durable = new Set<string>();
  const alarms: string[] = [];
  for (const line of evidence.journal.split("\n")) {
    const [kind, id = "", tenant = "", usage = ""] = line.split(" ");
    // A line that the kill cut short says nothing.
    if (kind === "I" && usage !== "") issued.set(id, { tenant, usage: Number(usage) });
    else if (kind === "D" && id.length === 36) durable.add(id);
    else if (kind === "U") alarms.push(line);
  }
  const counts = new Map<string, number>();
  const bytes = new Map<string, string>();
  const altered = new Set<string>();
  const unknown = new Set<string>();
  const unsure = new Set<string>();
  for (const arrival of arrivals) {
    const { id } = arrival;
    const issue = issued.get(id);
    if (issue === undefined) unknown.add(id);
    else if (issue.tenant !== arrival.tenant || issue.usage !== arrival.usage) altered.add(id);
    const before = bytes.get(id);
    if (before === undefined) bytes.set(id, arrival.bytes);
    else if (before !== arrival.bytes) altered.add(id);
    if (arrival.counted) counts.set(id, (counts.get(id) ?? 0) + 1);
    if (arrival.unsure === true) unsure.add(id);
  }
  const isSafe = (id: string) => counts.has(id) || pending.has(id) || quarantined.has(id) || rejected.has(id);
  return {
    issued: issued.size,
    durable: durable.size,
    arrivals: arrivals.length,
    counted: [...counts.values()].reduce((sum, count) => sum + count, 0),
    duplicatesReceived: arrivals.length - bytes.size,
    quarantined: quarantined.size,
    leftOver: [...pending],
    lost: [...durable].filter((id) => !isSafe(id)),
    countedTwice: [...counts].flatMap(([id, count]) => (count > 1 ? [id] : [])),
    unknown: [...unknown],
    altered: [...altered],
    unsureAndFree: dedup ? [] : [...unsure].filter((id) => !quarantined.has(id)),
    alarms,
  };
};

/** What must not be, in words; empty when all is well. */
export const findings = (verdict: Verdict): readonly string[] => {
  const said: string[] = [];
  const say = (what: string, ids: readonly string[]) => {
    if (ids.length > 0) said.push(`${ids.length} ${what}: ${ids.slice(0, 5).join(", ")}`);
  };
  say("lost", verdict.lost);
  say("left over", verdict.leftOver);
  say("counted twice", verdict.countedTwice);
  say("counted but never issued", verdict.unknown);
  say("altered on the way", verdict.altered);
  say("unsure and not in quarantine", verdict.unsureAndFree);
  say("alarms", verdict.alarms);
  return said;
};
