import { parseArgs } from "node:util";

export interface Settings {
  /** How often each reading is taken, in turn with the others. */
  readonly rounds: number;
  /** How many events each contestant is given. */
  readonly events: number;
  /** Rows whose name has this text; empty for all. */
  readonly only: string;
  readonly json: string | undefined;
  readonly doc: string | undefined;
  readonly save: boolean;
}

/** A call that cannot be understood: shown without a stack. */
export class UsageError extends Error {}

/** Reads what follows the measure's name. */
export const readSettings = (
  args: readonly string[],
  defaults: { readonly rounds?: number; readonly events?: number },
): Settings => {
  const { values } = parse(args);
  return {
    rounds: wholeNumber("--rounds", values.rounds, defaults.rounds ?? 1),
    events: wholeNumber("--events", values.events, defaults.events ?? 1),
    only: values.only,
    json: values.json,
    doc: values.doc,
    save: values.save,
  };
};

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        rounds: { type: "string" },
        events: { type: "string" },
        only: { type: "string", default: "" },
        json: { type: "string" },
        doc: { type: "string" },
        save: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
};

const wholeNumber = (option: string, given: string | undefined, otherwise: number): number => {
  if (given === undefined) return otherwise;
  if (!/^[1-9]\d{0,8}$/.test(given))
    throw new UsageError(`${option}: expected a whole number from 1, got ${JSON.stringify(given)}`);
  return Number(given);
};
