import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import type { WriterOperation } from "./writer-operations.ts";

/**
 * What a writer means to do, written before it does it: one JSON object a line, and a line with a number when so many operations are
 * known to be stored. It knows nothing of outboxes and topics, so it can judge them.
 */
export class Journal {
  /** Operations whose line is in the file. */
  written = 0;
  /** Operations that are known to be stored. */
  stored = 0;
  readonly #file: number;

  constructor(path: string) {
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    // A line that was cut off when the process ended is ignored.
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    for (const line of whole.split("\n")) {
      if (line.startsWith("{")) this.written++;
      else if (line !== "") this.stored = Number(line);
    }
    this.#file = openSync(path, existsSync(path) ? "r+" : "w");
    ftruncateSync(this.#file, Buffer.byteLength(whole));
    this.#position = Buffer.byteLength(whole);
  }

  #position: number;

  append(operations: readonly WriterOperation[]): void {
    this.#write(
      operations.map(({ event, correction }) => `${JSON.stringify({ ...event, correction })}\n`).join(""),
    );
    this.written += operations.length;
  }

  markStored(count: number): void {
    this.#write(`${count}\n`);
    this.stored = count;
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(text: string): void {
    this.#position += writeSync(this.#file, text, this.#position);
  }
}
