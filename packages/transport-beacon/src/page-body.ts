import type { PageBatch, PageEvent } from "@meter-lib/core/wire";
import { KEEPALIVE_BYTES } from "./keepalive-ledger.ts";

/** A request body for the relay, with its events. */
export interface PageBody<Event extends PageEvent = PageEvent> {
  readonly text: string;
  /** Size in UTF-8. */
  readonly bytes: number;
  readonly events: readonly Event[];
}

const encoder = /* @__PURE__ */ new TextEncoder();

/** Returns the size of a text in UTF-8, in bytes. */
export const utf8Bytes = (text: string): number =>
  /[\u0080-\uffff]/.test(text) ? encoder.encode(text).length : text.length;

/** Packs events of one tenant into as few bodies as fit the keepalive budget. An event that does not fit gets its own body. */
export const pageBodies = <Event extends PageEvent>(
  events: readonly Event[],
  envelope: Omit<PageBatch, "events">,
): readonly PageBody<Event>[] => {
  const head = `${JSON.stringify(envelope).slice(0, -1)},"events":[`;
  const frame = utf8Bytes(head) + "]}".length;
  const bodies: PageBody<Event>[] = [];
  let parts: string[] = [];
  let chunk: Event[] = [];
  let bytes = frame;
  const close = () => {
    if (chunk.length > 0) bodies.push({ text: `${head}${parts.join()}]}`, bytes, events: chunk });
    parts = [];
    chunk = [];
    bytes = frame;
  };
  for (const event of events) {
    const part = JSON.stringify(event);
    const size = utf8Bytes(part) + ",".length;
    if (bytes + size > KEEPALIVE_BYTES) close();
    parts.push(part);
    chunk.push(event);
    bytes += size;
  }
  close();
  return bodies;
};
