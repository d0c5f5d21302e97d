import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Message = Readonly<Record<string, unknown>>;

export interface ChildOptions {
  readonly args?: readonly (string | number)[];
  /** Flags of Node, beside those that every child has. */
  readonly flags?: readonly string[];
}

/**
 * A process that is told what to do and answers, message by message. Its temporary files are in a folder of its own. `await using` ends
 * it, and removes them.
 */
export class Child {
  readonly #folder = mkdtempSync(join(tmpdir(), "meter-lib-bench-"));
  readonly #process: ChildProcess;
  readonly #arrived: Message[] = [];
  #ended: string | undefined;
  #look: (() => void) | undefined;

  /** @param module - URL of the module that it runs */
  constructor(module: string, { args = [], flags = [] }: ChildOptions = {}) {
    this.#process = fork(new URL(module), args.map(String), {
      execArgv: ["--conditions=source", "--no-warnings", ...flags],
      env: { ...process.env, TMPDIR: this.#folder },
    });
    this.#process.on("message", (message) => {
      if (isMessage(message)) this.#arrived.push(message);
      this.#look?.();
    });
    this.#process.once("exit", (code, signal) => {
      this.#ended = `the process ended (${signal ?? `code ${code}`})`;
      this.#look?.();
    });
  }

  tell(message: Message): void {
    this.#process.send(message);
  }

  /** Its next message. Rejects when it ends without one, or takes longer than that. */
  next(withinMs = 120_000): Promise<Message> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#look = undefined;
        reject(new Error(`no answer in ${withinMs / 1_000} s`));
      }, withinMs);
      const look = () => {
        const message = this.#arrived.shift();
        if (message === undefined && this.#ended === undefined) return;
        clearTimeout(timer);
        this.#look = undefined;
        if (message === undefined) reject(new Error(this.#ended));
        else resolve(message);
      };
      this.#look = look;
      look();
    });
  }

  ask(message: Message, withinMs?: number): Promise<Message> {
    this.tell(message);
    return this.next(withinMs);
  }

  /** Resolves when the process is no more. */
  async ended(): Promise<void> {
    if (this.#ended === undefined) await new Promise((resolve) => this.#process.once("exit", resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.ended();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const isMessage = (value: unknown): value is Message => typeof value === "object" && value !== null;

/** The number that a message must have under this name. */
export const numberIn = (message: Message, name: string): number => {
  const value = message[name];
  if (typeof value !== "number")
    throw new Error(`${name}: expected a number, got ${JSON.stringify(message)}`);
  return value;
};

/** The numbers that a message must have under this name. */
export const numbersIn = (message: Message, name: string): readonly number[] => {
  const value = message[name];
  if (!Array.isArray(value)) throw new Error(`${name}: expected numbers, got ${JSON.stringify(message)}`);
  return value.map(Number);
};
