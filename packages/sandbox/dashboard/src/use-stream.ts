import { useEffect, useState } from "preact/hooks";
import type { LoggedEvent } from "../../src/store/log-query.ts";
import { ask, withQuery } from "./ask.ts";

/** Which events to show. Empty means all. */
export interface EventFilter {
  readonly tenant_id: string;
  readonly meter_id: string;
  readonly state: string;
}

/** The newest events, the newest first, kept up to date by the stream. */
export interface Streamed {
  readonly events: readonly LoggedEvent[] | undefined;
  readonly connected: boolean;
  /** Events that went by too fast to show. */
  readonly skipped: number;
}

const SHOWN = 200;

export const useStream = ({ tenant_id, meter_id, state }: EventFilter): Streamed => {
  const [streamed, setStreamed] = useState<Streamed>({ events: undefined, connected: false, skipped: 0 });

  useEffect(() => {
    let source: EventSource | undefined;
    let ended = false;
    let waiting: LoggedEvent[] = [];
    let frame = 0;
    const show = (): void => {
      frame = 0;
      const fresh = waiting.reverse();
      waiting = [];
      setStreamed((before) => ({ ...before, events: [...fresh, ...(before.events ?? [])].slice(0, SHOWN) }));
    };

    const open = async (): Promise<void> => {
      const filter = { tenant_id, meter_id, state };
      const { events } = await ask<{ events: readonly LoggedEvent[] }>(
        withQuery("sandbox/v1/events", { ...filter, limit: SHOWN, brief: "true" }),
      ).catch(() => ({ events: [] }));
      if (ended) return;
      setStreamed({ events, connected: false, skipped: 0 });
      source = new EventSource(withQuery("sandbox/v1/stream", { ...filter, after: events[0]?.id ?? 0 }));
      source.addEventListener("open", () => setStreamed((before) => ({ ...before, connected: true })));
      source.addEventListener("error", () => setStreamed((before) => ({ ...before, connected: false })));
      source.addEventListener("event", ({ data }) => {
        waiting.push(JSON.parse(data));
        // One drawing for a burst.
        frame ||= requestAnimationFrame(show);
      });
      source.addEventListener("skipped", ({ data }) => {
        const { events: missed } = JSON.parse(data);
        setStreamed((before) => ({ ...before, skipped: before.skipped + Number(missed) }));
      });
    };
    void open();
    return () => {
      ended = true;
      cancelAnimationFrame(frame);
      source?.close();
    };
  }, [tenant_id, meter_id, state]);

  return streamed;
};
