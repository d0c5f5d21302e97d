import type { LitewaveCatalog } from "@meter-lib/core";
import type { HooksClient } from "./hooks-client.ts";

/**
 * Augment it with your client's type, so that the hooks know your meters.
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
  /** Keeps the interface from being empty. Applications add `client`. */
  readonly "~register"?: never;
}

/** The client in {@link Register}. Defaults to a client for `litewaveCatalog` bound to tenant and device. */
export type RegisteredClient = Register extends { readonly client: infer Client }
  ? Client
  : HooksClient<LitewaveCatalog>;
