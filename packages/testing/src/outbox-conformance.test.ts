import { memoryOutbox } from "@meter-lib/core";
import { outboxConformance } from "./outbox-conformance.ts";

outboxConformance({
  name: "memoryOutbox",
  durable: false,
  create: ({ limits }) => ({ outbox: () => memoryOutbox(limits), dispose: () => {} }),
});
