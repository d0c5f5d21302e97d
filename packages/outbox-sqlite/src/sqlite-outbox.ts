import {
  type Appended,
  type Claimed,
  type ClaimRequest,
  type LedgerKey,
  type LedgerRange,
  MeterError,
  type MeterErrorCode,
  type Outbox,
  type OutboxChanges,
  type OutboxCommit,
  type OutboxLimits,
  type OutboxQuery,
  type OutboxSelection,
} from "@meter-lib/core";
import { decodeClaimed } from "./decode-claimed.ts";
import { encodeChanges } from "./encode-changes.ts";
import type { StoreThread } from "./remote-store.ts";
import { type SqliteOutboxOptions, storeOptions } from "./sqlite-outbox-options.ts";
import type { CommitOutput, StoreInputs, StoreMethod, StoreOptions, StoreOutputs } from "./store-call.ts";
import { StoreFailure, type StoreFailureKind } from "./store-failure.ts";
import { mainThread, workerThread } from "./store-thread.ts";

/**
 * A durable outbox in an SQLite file. A committed event survives the end of the process and a power cut. Several processes may open
 * the same file, on one machine; what a dead one held is taken over by the next that claims.
 *
 * Calls reject with a {@link MeterError}: `no_room` when the disk is full, `outbox_failed` when the file cannot be used at the moment,
 * `invalid_options` when it is no outbox that this version can read, `closed` after `close()`.
 *
 * @throws MeterError `invalid_options`
 */
export const sqliteOutbox = (options: SqliteOutboxOptions): Outbox =>
  outboxOn(storeOptions(options), options.thread === "main" ? mainThread : workerThread);

/** The outbox with its store wherever `start` puts it. */
export const outboxOn = (options: StoreOptions, start: (options: StoreOptions) => StoreThread): Outbox =>
  new SqliteOutbox(options, start);

const CODES: Partial<Record<StoreFailureKind, MeterErrorCode>> = {
  full: "no_room",
  foreign: "invalid_options",
};

const HINTS: Partial<Record<StoreFailureKind, string>> = {
  busy: "another process keeps the file locked",
  full: "no room on the disk",
  readonly: "the file cannot be written",
  corrupt: "the file is damaged; it is set aside when it is opened the next time",
};

class SqliteOutbox implements Outbox {
  readonly name: string;
  readonly durable = true;
  readonly limits: OutboxLimits;

  readonly #options: StoreOptions;
  readonly #start: (options: StoreOptions) => StoreThread;
  #thread: StoreThread | undefined;
  #producer: string | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: StoreOptions, start: (options: StoreOptions) => StoreThread) {
    this.name = `sqlite ${options.path}`;
    this.limits = { maxEvents: options.maxEvents, maxBytes: options.maxBytes };
    this.#options = options;
    this.#start = start;
  }

  async open() {
    const opening = await this.#call("open", undefined);
    this.#producer = opening.producer;
    return opening;
  }

  async commit(changes: OutboxChanges): Promise<OutboxCommit> {
    const output = await this.#call("commit", encodeChanges(changes));
    return {
      appended: this.#appended(changes, output),
      sessions: output.sessions,
      pendingEvents: output.pendingEvents,
      pendingBytes: output.pendingBytes,
    };
  }

  async claim(request: ClaimRequest): Promise<Claimed> {
    const output = await this.#call("claim", request);
    return { events: decodeClaimed(output), more: output.more };
  }

  accounts() {
    return this.#call("accounts", undefined);
  }

  list(query: OutboxQuery) {
    return this.#call("list", query);
  }

  redrive(selection: OutboxSelection) {
    return this.#call("redrive", selection);
  }

  discard(selection: OutboxSelection, reason: string) {
    return this.#call("discard", { selection, reason });
  }

  ledger(range: LedgerRange) {
    return this.#call("ledger", range);
  }

  ledgerIds(row: LedgerKey) {
    return this.#call("ledgerIds", row);
  }

  producers() {
    return this.#call("producers", undefined);
  }

  claimSessions() {
    return this.#call("claimSessions", undefined);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.#thread?.call("close", undefined);
    } catch {
      // A thread that is gone has let go of everything.
    }
    await this.#thread?.stop();
  }

  async #call<M extends StoreMethod>(method: M, input: StoreInputs[M]): Promise<StoreOutputs[M]> {
    if (this.#closing !== undefined) throw new MeterError("closed", `${this.name} is closed`);
    try {
      this.#thread ??= this.#start(this.#options);
      return await this.#thread.call(method, input);
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error;
      const words = [this.name, HINTS[error.kind], error.message].filter((part) => part !== undefined);
      throw new MeterError(CODES[error.kind] ?? "outbox_failed", words.join(": "), { cause: error });
    }
  }

  /** What became of each new event; the keys and numbers of those that were recorded follow one another. */
  #appended(
    { append, now }: OutboxChanges,
    { firstKey, firstSeq, others }: CommitOutput,
  ): readonly Appended[] {
    const exceptions = new Map(others);
    let recorded = 0;
    return append.map(({ event }, index) => {
      const exception = exceptions.get(index);
      if (exception !== undefined) return exception;
      event.key = firstKey + recorded;
      event.seq = firstSeq + recorded;
      event.producer = this.#producer;
      event.recordedAt = now;
      recorded++;
      return { state: "recorded", key: event.key, seq: event.seq };
    });
  }
}
