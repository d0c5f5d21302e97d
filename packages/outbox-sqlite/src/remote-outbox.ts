import { MeterError, type Outbox } from "@meter-lib/core/store";
import { errorOf, type Inputs, type OutboxAnswer, type OutboxMethod, type Outputs } from "./outbox-call.ts";
import type { OutboxSettings } from "./sqlite-outbox-options.ts";

/** Where the outbox runs: a thread. */
export interface FarEnd {
  post(call: {
    readonly id: number;
    readonly method: OutboxMethod;
    readonly input: Inputs[OutboxMethod];
  }): void;
  /** Whether a call is running: only then does it keep the process alive. */
  setBusy(isBusy: boolean): void;
  /** Ends it without waiting: the disk may hang. */
  end(): void;
}

export interface NearEnd {
  receive(answer: OutboxAnswer): void;
  /** The far end is gone, for this reason. */
  ended(reason: string): void;
}

/** How long `close()` waits for a call that hangs with the disk. */
const CLOSE_MS = 5_000;

/** If the far end dies during one of these calls, it may have been done. */
const CHANGES: ReadonlySet<OutboxMethod> = new Set([
  "commit",
  "redrive",
  "discard",
  "erase",
  "refute",
  "correct",
  "freeze",
]);

interface Waiting {
  readonly method: OutboxMethod;
  resolve(output: Outputs[OutboxMethod]): void;
  reject(error: Error): void;
}

/** Calls to one far end, and their results. */
class Calls implements NearEnd {
  readonly #far: FarEnd;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #over: string | undefined;

  constructor(start: (near: NearEnd) => FarEnd) {
    this.#far = start(this);
  }

  get isOver(): boolean {
    return this.#over !== undefined;
  }

  call<M extends OutboxMethod>(method: M, input: Inputs[M]): Promise<Outputs[M]> {
    return new Promise<Outputs[M]>((resolve, reject) => {
      if (this.#over !== undefined) {
        reject(new MeterError("outbox_failed", this.#over));
        return;
      }
      const answered: (output: Outputs[M]) => void = resolve;
      const id = ++this.#lastId;
      this.#far.post({ id, method, input });
      this.#waiting.set(id, { method, resolve: answered, reject });
      if (this.#waiting.size === 1) this.#far.setBusy(true);
    });
  }

  receive(answer: OutboxAnswer): void {
    const call = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#far.setBusy(false);
    if ("failure" in answer) call?.reject(errorOf(answer.failure));
    else call?.resolve(answer.output);
  }

  ended(reason: string): void {
    if (this.#over !== undefined) return;
    this.#over = reason;
    for (const { method, reject } of this.#waiting.values())
      reject(
        errorOf({ code: CHANGES.has(method) ? "may_have_committed" : "outbox_failed", message: reason }),
      );
    this.#waiting.clear();
    this.#far.end();
  }
}

/**
 * The near end of an outbox that runs elsewhere. If the far end is gone, the next call starts a new one, as a new owner; calls that were
 * running reject.
 */
export const remoteOutbox = ({ store, log }: OutboxSettings, start: (near: NearEnd) => FarEnd): Outbox => {
  const name = `sqlite ${store.path}`;
  let calls: Calls | undefined;
  let isOpen = false;
  let untold: readonly string[] = [];
  let closing: Promise<void> | undefined;

  const started = (): Calls => {
    if (closing !== undefined) throw new MeterError("closed", `${name} is closed`);
    if (calls === undefined || calls.isOver) {
      calls = new Calls(start);
      isOpen = false;
    }
    return calls;
  };
  const call = async <M extends OutboxMethod>(method: M, input: Inputs[M]): Promise<Outputs[M]> => {
    const to = started();
    if (!isOpen && method !== "open") {
      const { warnings } = await to.call("open", undefined);
      untold = [...untold, ...warnings];
    }
    const output = await to.call(method, input);
    isOpen = true;
    return output;
  };
  /** With the warnings of a new far end that opened the file. */
  const warned = <Answer extends { readonly warnings: readonly string[] }>(answer: Answer): Answer => {
    if (untold.length === 0) return answer;
    const warnings = [...untold, ...answer.warnings];
    untold = [];
    return { ...answer, warnings };
  };
  const close = async (): Promise<void> => {
    if (calls === undefined) return;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, CLOSE_MS);
    try {
      await Promise.race([calls.call("close", undefined), late]);
    } catch {
      // A far end that is gone has released everything.
    }
    clearTimeout(timer);
    calls.ended(`${name} is closed`);
  };

  return {
    name,
    durable: true,
    limits: log.limits,
    bodies: "text",
    open: () => call("open", undefined),
    commit: async (changes) => warned(await call("commit", changes)),
    claim: async (request) => warned(await call("claim", request)),
    accounts: () => call("accounts", undefined),
    list: (query) => call("list", query),
    redrive: (selection) => call("redrive", selection),
    discard: (...input) => call("discard", input),
    erase: (...input) => call("erase", input),
    freeze: (before) => call("freeze", before),
    ledger: (range) => call("ledger", range),
    refute: (refutations) => call("refute", refutations),
    standing: (identity) => call("standing", identity),
    correct: (request) => call("correct", request),
    ledgerIds: (row) => call("ledgerIds", row),
    producers: () => call("producers", undefined),
    claimSessions: () => call("claimSessions", undefined),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
};
