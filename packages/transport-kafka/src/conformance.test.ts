import { transportConformance } from "@meter-lib/testing";
import { afterAll, beforeAll, describe } from "vitest";
import { type Broker, startBroker } from "../test/broker.ts";
import { faultProxy } from "../test/fault-proxy.ts";
import { whyNoJava } from "../test/java-home.ts";
import { outgoingEvent } from "../test/outgoing-event.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { kafkaTransport } from "./kafka-transport.ts";

const missing = await whyNoJava();
if (missing !== undefined) console.warn(`Kafka tests skipped: ${missing}`);

const START_MS = 180_000;

describe.skipIf(missing !== undefined)(`a real broker${missing ? ` (${missing})` : ""}`, () => {
  let broker: Broker;
  let proxy: Awaited<ReturnType<typeof faultProxy>>;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let topics = 0;

  beforeAll(async () => {
    folder = await temporaryFolder();
    proxy = await faultProxy();
    broker = await startBroker({ folder: folder.path, proxyPort: proxy.port });
    proxy.target = Number(broker.proxiedAddress.split(":")[1]);
  }, START_MS);
  afterAll(async () => {
    await broker?.[Symbol.asyncDispose]();
    await proxy?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  transportConformance({
    name: "kafka",
    create: async () => {
      const topic = `conformance-${topics++}`;
      await broker.createTopic(topic, 3);
      proxy.onWritten = () => "pass";
      proxy.refuses = false;
      const transport = kafkaTransport({ brokers: [`127.0.0.1:${proxy.port}`], topic });
      return {
        transport,
        counted: async () =>
          (await broker.read(topic)).map((record) => {
            const ids = new Map(record.headers);
            return `${ids.get("meter.tenant_id")} ${ids.get("meter.event_id")}`;
          }),
        goAway: () => {
          proxy.refuses = true;
        },
        fallSilent: async () => {
          // Connected, so that what is sent next has left at once.
          await transport.send(
            { events: [outgoingEvent()] },
            { signal: new AbortController().signal, deadline: 0 },
          );
          proxy.onWritten = () => "swallow";
        },
        dispose: async () => transport[Symbol.asyncDispose]?.(),
      };
    },
  });
});
