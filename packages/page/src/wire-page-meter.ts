import type { Catalog, LitewaveCatalog } from "@meter-lib/core";
import { deliverThroughPageLife } from "@meter-lib/transport-beacon";
import { pageDelivery } from "./delivery/page-delivery.ts";
import { pageEmitter } from "./delivery/page-emitter.ts";
import type { PageOutbox, PageOutboxParts } from "./delivery/page-outbox.ts";
import type { PageMeter } from "./page-meter.ts";
import { checkPageOptions, type PageMeterOptions } from "./page-meter-options.ts";
import { pageSession, recorded, shareSessions } from "./sessions/page-sessions.ts";

/** Creates a client that delivers through the life of its page until it is closed. */
export const wirePageMeter = <const C extends Catalog = LitewaveCatalog>(
  options: PageMeterOptions<C>,
  keep?: (parts: PageOutboxParts) => PageOutbox,
): PageMeter<C> => {
  checkPageOptions(options);
  const { on, emit } = pageEmitter();
  const { outbox, check, ...delivery } = pageDelivery(options, emit, keep);
  const { record, sendNow, retryNow } = delivery;
  const startSession = outbox?.startSession ?? shareSessions(pageSession(record));
  const wake = () => {
    outbox?.wake();
    retryNow();
  };
  const endPageLife = deliverThroughPageLife({ sendNow, retryNow: wake }, outbox);
  const close: PageMeter["close"] = (drainOptions) => {
    endPageLife();
    return delivery.close(drainOptions);
  };
  return {
    ...delivery,
    on,
    close,
    check: (input) => check(input).error,
    startSession: (input, options = {}) => startSession(input, options),
    time: async (event, work, { onMetered } = {}) => {
      const start_time = Date.now();
      try {
        return await work();
      } finally {
        // If the clock was set back in between, the end must not be before the start.
        const end_time = Math.max(start_time, Date.now());
        void recorded(record({ ...event, start_time, end_time })).then(onMetered);
      }
    },
    [Symbol.asyncDispose]: async () => void (await close()),
  };
};
