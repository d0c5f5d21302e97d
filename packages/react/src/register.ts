import type { LitewaveCatalog } from "@meter-lib/core";
import type { HooksClient } from "./hooks-client.ts";

/**
 * Tells the hooks which client the application provides, so that they know its meters.
 *
 * @example
 * ```ts
 * declare module "@meter-lib/react" {
 *   interface Register {
 *     client: typeof meter;
 *   }
 * }
 * ```
 */
export interface Register {
  /** An interface needs something in it; applications add `client`. */
  readonly "~register"?: never;
}

/** The client of {@link Register}; without one, a client on `litewaveCatalog` that knows tenant and device. */
export type RegisteredClient = Register extends { readonly client: infer Client }
  ? Client
  : HooksClient<LitewaveCatalog>;
