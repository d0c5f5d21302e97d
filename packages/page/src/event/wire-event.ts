import type { PageEvent } from "@meter-lib/core/wire";
import { utf8Bytes } from "@meter-lib/transport-beacon";

/** An event with the text that is stored and sent of it. */
export interface WireEvent {
  readonly event: PageEvent;
  readonly text: string;
  /** Size of the text in UTF-8. */
  readonly bytes: number;
}

export const wireEvent = (event: PageEvent, text = JSON.stringify(event)): WireEvent => ({
  event,
  text,
  bytes: utf8Bytes(text),
});
