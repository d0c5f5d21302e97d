import type { HttpBindings } from "@hono/node-server";
import type { Catalog } from "@meter-lib/core";
import type { Store } from "../store/store.ts";
import type { Faults } from "./faults.ts";
import type { KeyCheck } from "./key-check.ts";
import type { SandboxOutbox } from "./sandbox-outbox.ts";

/** The Hono environment of every route. */
export interface SandboxEnv {
  // Hono's index signature asks for a type, not an interface; HttpBindings is one.
  readonly Bindings: HttpBindings;
}

/** What all routes share. */
export interface SandboxContext {
  readonly store: Store;
  readonly keys: KeyCheck;
  /** Outboxes of the apps that send here, for inspection. */
  readonly outboxes: readonly SandboxOutbox[];
  /** Whether other machines have access: then any host name is allowed. */
  readonly anyHost: boolean;
  readonly catalog: Catalog;
  readonly faults: Faults;
  /** Aborted when the sandbox closes; delays and streams end with it. */
  readonly closing: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Maximum size of a body, in bytes. */
  readonly maxBodyBytes: number;
  /** Whether a lookup returns a list or one object. */
  readonly lookupAnswer: "list" | "object";
}
