import { logOutbox, memoryStore } from "@meter-lib/core/log";
import { outboxConformance } from "./outbox-conformance.ts";

for (const bodies of ["events", "text"] as const) {
  outboxConformance({
    name: `the log over memoryStore, bodies as ${bodies}`,
    durable: false,
    create: (options) => {
      const store = memoryStore();
      return { outbox: () => logOutbox(store, { ...options, bodies }), dispose: () => {} };
    },
  });
}
