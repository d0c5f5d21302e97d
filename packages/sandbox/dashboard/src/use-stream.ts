import { useEffect, useState } from "preact/hooks";
import type { LoggedEvent } from "../../src/store/log-query.ts";
import { ask, withQuery } from "./ask.ts";

/** Which events to show. Empty means all. */
export interface EventFilter {
  readonly tenant_id: string;
  readonly customer_id: string;
  readonly meter_id: string;
  readonly state: string;
}

/** The newest events, the newest first, kept up to date by the stream. */
export interface Streamed {
  /** Undefined until the first answer. */
  readonly events: readonly LoggedEvent[] | undefined;
  /** Why there is no answer. */
  readonly error: string | undefined;
  readonly connected: boolean;
  /** Events that went by too fast to show. */
  readonly skipped: number;
}

const SHOWN = 100;
/** Events that nobody would see are not read. */
const BEHIND = 200;
const RETRY_MS = 2000;
const DRAW_MS = 500;
const NOTHING: Streamed = { events: undefined, error: undefined, connected: false, skipped: 0 };

/** Follows the log; while it is paused nothing is read, and it goes on where it stopped. */
export const useStream = (
  filter: EventFilter,
  paused: boolean,
): Streamed & { readonly retry: () => void } => {
  const { tenant_id, customer_id, meter_id, state } = filter;
  const question = JSON.stringify([tenant_id, customer_id, meter_id, state]);
  const [{ of, ...streamed }, setStreamed] = useState<Streamed & { of: string }>({
    ...NOTHING,
    of: question,
  });
  const [round, setRound] = useState(0);

  useEffect(() => {
    if (paused) return;
    let source: EventSource | undefined;
    let ended = false;
    let waiting: LoggedEvent[] = [];
    let drawing: ReturnType<typeof setTimeout> | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const change = (to: (before: Streamed) => Streamed): void =>
      setStreamed((before) => ({ ...to(before.of === question ? before : NOTHING), of: question }));
    const show = (): void => {
      drawing = undefined;
      const fresh = waiting.reverse();
      waiting = [];
      change((before) => ({ ...before, events: [...fresh, ...(before.events ?? [])].slice(0, SHOWN) }));
    };

    const open = async (): Promise<void> => {
      const asked = { tenant_id, customer_id, meter_id, state };
      let events: readonly LoggedEvent[];
      try {
        ({ events } = await ask<{ events: readonly LoggedEvent[] }>(
          withQuery("sandbox/v1/events", { ...asked, limit: SHOWN, brief: "true" }),
        ));
      } catch (error) {
        if (ended) return;
        const words = error instanceof Error ? error.message : String(error);
        change((before) => ({ ...before, error: words, connected: false }));
        timer = setTimeout(open, RETRY_MS);
        return;
      }
      if (ended) return;
      change((before) => ({ ...before, events, error: undefined, connected: false }));
      source = new EventSource(
        withQuery("sandbox/v1/stream", {
          ...asked,
          after: events[0]?.id ?? 0,
          behind: BEHIND,
          every_ms: DRAW_MS,
        }),
      );
      source.addEventListener("open", () => change((before) => ({ ...before, connected: true })));
      source.addEventListener("error", () => change((before) => ({ ...before, connected: false })));
      source.addEventListener("event", ({ data }) => {
        waiting.push(JSON.parse(data));
        // More than are shown need not wait: a page in the background draws nothing for hours.
        if (waiting.length > 2 * SHOWN) waiting = waiting.slice(-SHOWN);
        // One drawing for a burst: nobody reads faster.
        drawing ??= setTimeout(show, DRAW_MS);
      });
      source.addEventListener("skipped", ({ data }) => {
        const { events: missed } = JSON.parse(data);
        change((before) => ({ ...before, skipped: before.skipped + Number(missed) }));
      });
    };
    void open();
    return () => {
      ended = true;
      clearTimeout(timer);
      clearTimeout(drawing);
      source?.close();
      change((before) => ({ ...before, connected: false }));
    };
  }, [question, paused, round]);

  // What was shown of another question is no answer to this one.
  return { ...(of === question ? streamed : NOTHING), retry: () => setRound((before) => before + 1) };
};
