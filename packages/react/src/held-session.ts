import type { Session, SessionOptions } from "@meter-lib/core";

type Scope = NonNullable<SessionOptions["scope"]>;

/** A client, as far as a session needs it. */
export interface SessionClient<Id extends string> {
  startSession(session: { readonly meter_id: Id }, options: SessionOptions): Promise<Session>;
}

/** A session that ends when it was left and nobody came back in the same task. */
export class HeldSession<Id extends string = string> {
  readonly started: Promise<Session>;
  readonly #key: readonly unknown[];
  #isHeld = true;
  #isOver = false;

  constructor(client: SessionClient<Id>, meter_id: Id, scope: Scope) {
    this.#key = [client, meter_id, scope];
    this.started = client.startSession({ meter_id }, { scope });
  }

  /** Takes up the session that was left a moment ago; false when it is over or another one. */
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
      // What becomes of the end is the client's to tell.
      void this.started.then((session) => session.end());
    });
  }
}
