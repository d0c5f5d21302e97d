import type { HttpBindings } from "@hono/node-server";
import type { Store } from "../store/store.ts";
import type { KeyCheck } from "./key-check.ts";

/** What Hono hands to every route. */
export interface SandboxEnv {
  // Hono's index signature asks for a type, not an interface; HttpBindings is one.
  readonly Bindings: HttpBindings;
}

/** What the routes work with. */
export interface SandboxContext {
  readonly store: Store;
  readonly keys: KeyCheck;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Largest body taken, in bytes. */
  readonly maxBodyBytes: number;
  /** Whether a lookup answers a list or the one object. */
  readonly lookupAnswer: "list" | "object";
}
