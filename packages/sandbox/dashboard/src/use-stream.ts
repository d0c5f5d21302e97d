import { useEffect, useRef, useState } from "preact/hooks";
import * as v from "valibot";
import type { LoggedEvent } from "../../src/store/log-query.ts";
import { eventShape, eventsShape, type Shape, skippedShape } from "./answer-shapes.ts";
import { ask, withQuery, wordsOf } from "./ask.ts";

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

const read = <Message>(shape: Shape<Message>, text: string): Message | undefined => {
  try {
    const result = v.safeParse(shape, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
};

/** Follows the log; while it is paused, what is shown stays. */
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
  /** The question whose events are shown. */
  const shown = useRef<string | undefined>(undefined);

  useEffect(() => {
    if (paused && shown.current === question) return;
    shown.current = undefined;
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
    const stop = (): void => {
      source?.close();
      clearTimeout(drawing);
      drawing = undefined;
      waiting = [];
    };
    // From the beginning, not from where it was: a backend that started again may have another log.
    const openLater = (error: string | undefined): void => {
      stop();
      change((before) => ({ ...before, error, connected: false }));
      timer = setTimeout(open, RETRY_MS);
    };

    const open = async (): Promise<void> => {
      const asked = { tenant_id, customer_id, meter_id, state };
      let events: readonly LoggedEvent[];
      try {
        ({ events } = await ask(
          withQuery("sandbox/v1/events", { ...asked, limit: SHOWN, brief: "true" }),
          eventsShape,
        ));
      } catch (error) {
        if (!ended) openLater(wordsOf(error));
        return;
      }
      if (ended) return;
      shown.current = question;
      change((before) => ({ ...before, events, error: undefined, connected: false }));
      if (paused) return;
      source = new EventSource(
        withQuery("sandbox/v1/stream", {
          ...asked,
          after: events[0]?.id ?? 0,
          behind: BEHIND,
          every_ms: DRAW_MS,
        }),
      );
      source.addEventListener("open", () => change((before) => ({ ...before, connected: true })));
      source.addEventListener("error", () => openLater(undefined));
      source.addEventListener("event", ({ data }) => {
        const event = read(eventShape, data);
        if (event === undefined) return;
        waiting.push(event);
        // More than are shown need not wait: a page in the background draws nothing for hours.
        if (waiting.length > 2 * SHOWN) waiting = waiting.slice(-SHOWN);
        // One drawing for a burst: nobody reads faster.
        drawing ??= setTimeout(show, DRAW_MS);
      });
      source.addEventListener("skipped", ({ data }) => {
        const missed = read(skippedShape, data)?.events ?? 0;
        change((before) => ({ ...before, skipped: before.skipped + missed }));
      });
    };
    void open();
    return () => {
      ended = true;
      clearTimeout(timer);
      stop();
      change((before) => ({ ...before, connected: false }));
    };
  }, [question, paused, round]);

  // What was shown of another question is no answer to this one.
  return { ...(of === question ? streamed : NOTHING), retry: () => setRound((before) => before + 1) };
};
