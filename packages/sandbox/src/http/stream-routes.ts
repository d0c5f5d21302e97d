import { setTimeout as wait } from "node:timers/promises";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import * as v from "valibot";
import { checked } from "./checked-input.ts";
import { eventsFilter } from "./log-routes.ts";
import { digits, digitsBetween } from "./query-fields.ts";
import type { SandboxContext, SandboxEnv } from "./sandbox-context.ts";

const PAGE = 200;
/** A reader that is further behind than this gets a `skipped` event, unless it asks for another limit. */
const MAX_BEHIND = 2000;
const MAX_BEHIND_ASKED = 1_000_000;

/** Pause between reads of the log, so that a burst is one page, unless the reader asks for another one. */
const PAUSE_MS = 100;
const MAX_PAUSE_MS = 5000;
/** A reader that receives nothing for much longer may consider the connection dead. */
const HEARTBEAT_MS = 15_000;

const streamQuery = v.strictObject({
  ...eventsFilter.entries,
  behind: v.optional(digitsBetween(PAGE, MAX_BEHIND_ASKED), `${MAX_BEHIND}`),
  every_ms: v.optional(digitsBetween(PAUSE_MS, MAX_PAUSE_MS), `${PAUSE_MS}`),
});

/**
 * Streams events as they arrive, as Server-Sent Events: `event` with an event of the log, `skipped` with `{ events }` if the reader
 * was too slow. The id is the event's number, so that a browser resumes where its connection broke.
 */
export const streamRoutes = ({ store, closing }: SandboxContext): Hono<SandboxEnv> => {
  const app = new Hono<SandboxEnv>();

  app.get("/sandbox/v1/stream", (c) => {
    const { after, behind, every_ms, ...filter } = checked(streamQuery, c.req.query());
    const last = v.safeParse(digits, c.req.header("last-event-id"));
    let cursor = last.success ? last.output : (after ?? store.log.newest());

    return streamSSE(c, async (stream) => {
      let news = Promise.withResolvers<void>();
      const wake = (): void => news.resolve();
      const forget = store.onStored(wake);
      stream.onAbort(wake);
      closing.addEventListener("abort", wake);
      // The headers are sent with the first byte.
      await stream.write(": the log from here on\n\n");
      const heart = setInterval(() => void stream.write(": still here\n\n"), HEARTBEAT_MS);
      try {
        while (!stream.aborted && !closing.aborted) {
          const newest = store.log.newest();
          // A reset starts the numbers again.
          if (newest < cursor) cursor = 0;
          if (newest - cursor > behind) {
            // Count only events that match the reader's filter.
            const events = store.log.count(filter, cursor, newest - PAGE);
            cursor = newest - PAGE;
            if (events > 0) await stream.writeSSE({ event: "skipped", data: JSON.stringify({ events }) });
          }
          const page = store.log.events({ ...filter, after: cursor, limit: PAGE });
          for (const event of page) {
            await stream.writeSSE({
              id: `${event.id}`,
              event: "event",
              data: JSON.stringify(event),
            });
          }
          const full = page.length === PAGE;
          cursor = full ? (page.at(-1)?.id ?? newest) : newest;
          if (full) continue;
          await news.promise;
          news = Promise.withResolvers<void>();
          await wait(every_ms, undefined, { signal: closing }).catch(() => undefined);
        }
      } finally {
        clearInterval(heart);
        forget();
        closing.removeEventListener("abort", wake);
      }
    });
  });
  return app;
};
