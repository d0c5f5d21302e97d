import { MayHaveCommitted, MeterError, type MeterErrorCode, type Outbox } from "@meter-lib/core/store";

type First<
  Method extends
    | "commit"
    | "claim"
    | "list"
    | "redrive"
    | "refute"
    | "standing"
    | "correct"
    | "freeze"
    | "ledger"
    | "ledgerIds",
> = Parameters<Outbox[Method]>[0];

/** The arguments of an outbox's methods, each as one value. */
export interface Inputs {
  open: undefined;
  commit: First<"commit">;
  claim: First<"claim">;
  accounts: undefined;
  list: First<"list">;
  redrive: First<"redrive">;
  discard: Parameters<Outbox["discard"]>;
  erase: Parameters<Outbox["erase"]>;
  refute: First<"refute">;
  standing: First<"standing">;
  correct: First<"correct">;
  freeze: First<"freeze">;
  ledger: First<"ledger">;
  ledgerIds: First<"ledgerIds">;
  producers: undefined;
  claimSessions: undefined;
  close: undefined;
}

export type OutboxMethod = keyof Inputs;
export type Outputs = { readonly [M in OutboxMethod]: Awaited<ReturnType<Outbox[M]>> };

/** A call to the outbox. */
export type OutboxCall<Method extends OutboxMethod = OutboxMethod> = {
  readonly [M in Method]: { readonly id: number; readonly method: M; readonly input: Inputs[M] };
}[Method];

/** Its result. */
export type OutboxAnswer =
  | { readonly id: number; readonly output: Outputs[OutboxMethod] }
  | { readonly id: number; readonly failure: OutboxFailure };

export interface OutboxFailure {
  readonly code: MeterErrorCode | "may_have_committed";
  readonly message: string;
}

/** Runs calls where the outbox is. */
export const answerCalls = (outbox: Outbox): ((call: OutboxCall) => Promise<OutboxAnswer>) => {
  const methods: {
    readonly [M in OutboxMethod]: (input: Inputs[M]) => Outputs[M] | PromiseLike<Outputs[M]>;
  } = {
    open: () => outbox.open(),
    commit: (changes) => outbox.commit(changes),
    claim: (request) => outbox.claim(request),
    accounts: () => outbox.accounts(),
    list: (query) => outbox.list(query),
    redrive: (selection) => outbox.redrive(selection),
    discard: (input) => outbox.discard(...input),
    erase: (input) => outbox.erase(...input),
    refute: (refutations) => outbox.refute(refutations),
    standing: (identity) => outbox.standing(identity),
    correct: (request) => outbox.correct(request),
    freeze: (before) => outbox.freeze(before),
    ledger: (range) => outbox.ledger(range),
    ledgerIds: (row) => outbox.ledgerIds(row),
    producers: () => outbox.producers(),
    claimSessions: () => outbox.claimSessions(),
    close: () => outbox.close(),
  };
  const run = <M extends OutboxMethod>({ method, input }: OutboxCall<M>) => methods[method](input);
  return async (call) => {
    try {
      return { id: call.id, output: await run(call) };
    } catch (error) {
      return { id: call.id, failure: failureOf(error) };
    }
  };
};

const failureOf = (error: unknown): OutboxFailure => {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof MayHaveCommitted) return { code: "may_have_committed", message };
  return { code: error instanceof MeterError ? error.code : "outbox_failed", message };
};

/** Converts a failure to what the caller catches. */
export const errorOf = ({ code, message }: OutboxFailure): Error =>
  code === "may_have_committed" ? new MayHaveCommitted(message) : new MeterError(code, message);
