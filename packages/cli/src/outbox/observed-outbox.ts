import { existsSync } from "node:fs";
import type { Outbox } from "@meter-lib/core";
import type { SandboxOutbox } from "@meter-lib/sandbox";
import { rememberingOutbox } from "./open-outbox.ts";
import { postgresPlace, shownPlace } from "./postgres-place.ts";

/**
 * Reads the outbox of an app while the app runs. It is opened once the app has created its file: a sandbox is often started first.
 *
 * @param place - a file, or a PostgreSQL URL
 */
export class ObservedOutbox implements SandboxOutbox {
  readonly name: string;
  readonly #place: string;
  #opened: Promise<Outbox> | undefined;

  /** @param place - a file, or a URL of PostgreSQL */
  constructor(place: string) {
    this.name = shownPlace(place);
    this.#place = place;
  }

  async accounts() {
    return (await this.#open()).accounts();
  }

  async list(query: Parameters<Outbox["list"]>[0]) {
    return (await this.#open()).list(query);
  }

  async redrive(selection: Parameters<Outbox["redrive"]>[0]) {
    return (await this.#open()).redrive(selection);
  }

  async discard(selection: Parameters<Outbox["discard"]>[0], reason: string) {
    return (await this.#open()).discard(selection, reason);
  }

  async ledger(range: Parameters<Outbox["ledger"]>[0]) {
    return (await this.#open()).ledger(range);
  }

  async ledgerIds(row: Parameters<Outbox["ledgerIds"]>[0]) {
    return (await this.#open()).ledgerIds(row);
  }

  async producers() {
    return (await (await this.#open()).producers?.()) ?? [];
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.close();
  }

  #open(): Promise<Outbox> {
    if (postgresPlace(this.#place) === undefined && !existsSync(this.#place))
      throw new Error("no such file yet; the app creates it when it starts");
    this.#opened ??= open(this.#place).catch((error: unknown) => {
      // The next query tries again.
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }
}

const open = async (path: string): Promise<Outbox> => {
  const outbox = rememberingOutbox(path);
  await outbox.open();
  return outbox;
};
