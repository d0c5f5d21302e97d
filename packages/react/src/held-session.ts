import type { Session, SessionOptions } from "@meter-lib/core";

type Scope = NonNullable<SessionOptions["scope"]>;

/** The part of a client that a session needs. */
export interface SessionClient<Id extends string> {
  startSession(session: { readonly meter_id: Id }, options: SessionOptions): Promise<Session>;
}

/** A session that ends once it has been left and not rejoined within the same task. */
export class HeldSession<Id extends string = string> {
  readonly started: Promise<Session>;
  readonly #key: readonly unknown[];
  #isHeld = true;
  #isOver = false;

  constructor(client: SessionClient<Id>, meter_id: Id, scope: Scope) {
    this.#key = [client, meter_id, scope];
    this.started = (async () => client.startSession({ meter_id }, { scope }))();
  }

  /** Rejoins a session that was just left. Returns false if it has ended or is another session. */
  rejoin(...key: readonly [SessionClient<Id>, Id, Scope]): boolean {
    if (this.#isOver || !this.isOf(...key)) return false;
    this.#isHeld = true;
    return true;
  }

  isOf(...key: readonly [SessionClient<Id>, Id, Scope]): boolean {
    return key.every((part, index) => part === this.#key[index]);
  }

  leave(): void {
    this.#isHeld = false;
    queueMicrotask(() => {
      if (this.#isHeld || this.#isOver) return;
      this.#isOver = true;
      // The client reports the outcome of the end.
      this.started.then((session) => session.end()).catch(() => {});
    });
  }
}
