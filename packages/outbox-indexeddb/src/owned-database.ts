import { createEventId, MeterError } from "@meter-lib/core";
import { type Connection, Connections } from "./connection.ts";
import { freed } from "./event-row.ts";
import type { StoreOptions } from "./indexed-db-outbox-options.ts";
import { type OutboxDatabase, type OwnerRow, STORES } from "./outbox-schema.ts";
import { OutboxWrite } from "./outbox-write.ts";
import { OwnerHold } from "./owner-hold.ts";
import { deadOwners, webLocks } from "./owner-life.ts";
import { vacateSessions } from "./session-rows.ts";
import { storeFailure } from "./store-failure.ts";
import { watchPageSleep } from "./watch-page-sleep.ts";

const BEATS_PER_LEASE = 6;

/** The database as one of its owners has it: in every transaction the owner's row is in place, and shows whether another took over. */
export class OwnedDatabase {
  readonly producer = createEventId(Date.now());

  readonly #name: string;
  readonly #options: StoreOptions;
  readonly #connections: Connections;
  readonly #unwatch: () => void;
  readonly #heartbeat: ReturnType<typeof setInterval> | undefined;
  #hold = new OwnerHold(this.producer);
  #store: string | undefined;
  #fence = 0;
  #closing: Promise<void> | undefined;

  /** @param name - for people, in errors */
  constructor(name: string, options: StoreOptions) {
    this.#name = name;
    this.#options = options;
    this.#connections = new Connections({ ...options, producer: this.producer });
    this.#unwatch = watchPageSleep({
      leave: () => this.#connections.release(),
      sleep: () => this.#connections.sleep(),
      wake: () => this.#connections.wake(),
    });
    if (webLocks() === undefined) {
      this.#heartbeat = setInterval(() => {
        // A page that sleeps is not to be woken by it.
        if (this.#connections.isOpen) this.change(async () => {}).catch(() => {});
      }, options.leaseMs / BEATS_PER_LEASE);
    }
  }

  read<Answer>(read: (db: OutboxDatabase) => Promise<Answer>): Promise<Answer> {
    return this.#guard(async () => {
      this.#refuseWhenClosed();
      return this.#withConnection(({ db }) => read(db));
    });
  }

  /** Everything in one transaction, with this owner's row in place. */
  change<Answer>(work: (write: OutboxWrite, hold: OwnerHold) => Promise<Answer>): Promise<Answer> {
    return this.#guard(async () => {
      this.#refuseWhenClosed();
      return this.#withConnection((connection) => this.#changeOn(connection, work));
    });
  }

  /** Owners that died, as far as this page can see, except this one. */
  async dead(): Promise<readonly OwnerRow[]> {
    const { name, leaseMs } = this.#options;
    const owners = await this.read((db) => db.getAll("owners"));
    return this.#guard(() =>
      deadOwners(
        owners.filter(({ producer }) => producer !== this.producer),
        name,
        leaseMs,
      ),
    );
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#unwatch();
    this.#connections.wake();
    clearInterval(this.#heartbeat);
    try {
      const connection = await this.#connections.get();
      await this.#changeOn(connection, (write) => letGo(write, this.producer));
    } catch {
      // What cannot be let go of now is taken over as a dead owner's.
    }
    this.#connections.close();
  }

  async #changeOn<Answer>(
    connection: Connection,
    work: (write: OutboxWrite, hold: OwnerHold) => Promise<Answer>,
  ): Promise<Answer> {
    const tx = connection.db.transaction(STORES, "readwrite", { durability: "strict" });
    // Whoever waits for the transaction hears of it; nobody may be waiting yet.
    tx.done.catch(() => {});
    try {
      const write = await OutboxWrite.begin(tx);
      const hold = await this.#enter(write, connection);
      const answer = await work(write, hold);
      await write.end();
      return answer;
    } catch (error) {
      try {
        tx.abort();
      } catch {
        // It ended by itself, for a reason that says more than what followed from it.
        await tx.done;
      }
      throw error;
    }
  }

  /** Writes the owner's row where it is missing, and finds out whether another owner took over meanwhile. */
  async #enter(write: OutboxWrite, connection: Connection): Promise<OwnerHold> {
    const { store } = write.totals;
    const row = await write.owners.get(this.producer);
    const isSameStore = this.#store === undefined || this.#store === store;
    const isLost = this.#fence > 0 && isSameStore && row?.fence !== this.#fence;
    const hold = isLost ? new OwnerHold(this.producer) : this.#hold;
    const isNew = row === undefined || !connection.entered;
    const fence = isNew ? this.#fence + 1 : this.#fence;
    const locked = webLocks() !== undefined;
    if (isNew || !locked) {
      write.do(write.owners.put({ producer: this.producer, fence, locked, seen_at: Date.now() }));
    }
    write.afterwards(() => {
      this.#store = store;
      this.#fence = fence;
      this.#hold = hold;
      connection.entered = true;
    });
    return hold;
  }

  /** A connection may have been closed by the browser a moment ago: then once more with a new one. */
  async #withConnection<Answer>(use: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    try {
      return await use(await this.#connections.get());
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "InvalidStateError") throw error;
      this.#connections.close();
      return use(await this.#connections.get());
    }
  }

  async #guard<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    try {
      return await call();
    } catch (error) {
      throw storeFailure(this.#name, error);
    }
  }

  #refuseWhenClosed(): void {
    if (this.#closing !== undefined) throw new MeterError("closed", `${this.#name} is closed`);
  }
}

/** Lets go of what dead owners held, unless they are back. */
export const takeOver = async (write: OutboxWrite, dead: readonly OwnerRow[]): Promise<void> => {
  for (const { producer, fence } of dead) {
    const row = await write.owners.get(producer);
    if (row?.fence === fence) await letGo(write, producer);
  }
};

/** Everything that an owner held can be claimed; what was on the way keeps the time it was first sent. */
const letGo = async (write: OutboxWrite, producer: string): Promise<void> => {
  const rows = await write.events.index("holder").getAll(producer);
  for (const row of rows) write.do(write.events.put(freed(row)));
  await vacateSessions(write, producer);
  write.do(write.owners.delete(producer));
};
