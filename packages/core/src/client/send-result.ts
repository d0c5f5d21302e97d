import type { MeterError } from "../errors/meter-error.ts";

/** The result of an event that was posted, or handed to the outbox. */
export type SendResult =
  | { readonly ok: true; readonly event_id: string }
  | { readonly ok: false; readonly event_id: string | undefined; readonly error: MeterError };
