import type { HttpBindings } from "@hono/node-server";
import type { Catalog } from "@meter-lib/core";
import type { Store } from "../store/store.ts";
import type { Faults } from "./faults.ts";
import type { KeyCheck } from "./key-check.ts";
import type { SandboxOutbox } from "./sandbox-outbox.ts";

/** What Hono hands to every route. */
export interface SandboxEnv {
  // Hono's index signature asks for a type, not an interface; HttpBindings is one.
  readonly Bindings: HttpBindings;
}

/** What the routes work with. */
export interface SandboxContext {
  readonly store: Store;
  readonly keys: KeyCheck;
  /** Of the apps that send here, to look into. */
  readonly outboxes: readonly SandboxOutbox[];
  /** Whether other machines may come in: then a host may have any name. */
  readonly anyHost: boolean;
  readonly catalog: Catalog;
  readonly faults: Faults;
  /** Aborted when the sandbox ends: what waits or streams ends with it. */
  readonly closing: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Largest body taken, in bytes. */
  readonly maxBodyBytes: number;
  /** Whether a lookup answers a list or the one object. */
  readonly lookupAnswer: "list" | "object";
}
