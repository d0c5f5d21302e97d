import { MeterClient } from "@meter-lib/core";
import type { OutgoingEvent, Transport } from "@meter-lib/core/transport";
import { transportConformance } from "@meter-lib/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { outgoingEvent } from "../../transport-fetch/test/outgoing-event.ts";
import { type Broker, startBroker } from "../test/broker.ts";
import { type FaultProxy, faultProxy } from "../test/fault-proxy.ts";
import { whyNoJava } from "../test/java-home.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { watchedTransport } from "../test/watched-transport.ts";
import { kafkaTransport } from "./kafka-transport.ts";

const missing = await whyNoJava();
if (missing !== undefined) console.warn(`Kafka tests skipped: ${missing}`);

const EVENTS = 10_000;
const HELD = 2_500;
const PATIENCE_MS = 60_000;

/** Records events as fast as they find room, and calls `during` on the way. */
const recordAll = async (
  client: MeterClient,
  during: (recorded: number) => Promise<void> | void = () => {},
): Promise<readonly string[]> => {
  const ids: string[] = [];
  while (ids.length < EVENTS) {
    const receipts = Array.from({ length: 1_000 }, (_, i) =>
      client.record({
        tenant_id: `tenant-${(ids.length + i) % 23}`,
        device_id: "device-1",
        meter_id: "page.processed.basic",
        total_usage: 1,
      }),
    );
    ids.push(...receipts.map(({ event_id }) => event_id));
    if (ids.length % HELD === 0) await Promise.all(receipts.map(({ settled }) => settled));
    else await Promise.all(receipts.map(({ durable }) => durable));
    await during(ids.length);
  }
  return ids;
};

describe.skipIf(missing !== undefined)(`faults of a real broker${missing ? ` (${missing})` : ""}`, () => {
  let broker: Broker;
  let proxy: FaultProxy;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let topic = "";
  let topics = 0;

  beforeAll(async () => {
    folder = await temporaryFolder();
    proxy = await faultProxy();
    broker = await startBroker({ folder: folder.path, proxyPort: proxy.port });
    proxy.target = Number(broker.proxiedAddress.split(":")[1]);
  });
  afterAll(async () => {
    await broker?.[Symbol.asyncDispose]();
    await proxy?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    topic = `faults-${topics++}`;
    proxy.onWritten = () => "pass";
    await broker.createTopic(topic, 4);
  });

  const clientOf = (transport: Transport): MeterClient =>
    new MeterClient({
      transport,
      customerLookup: {
        lookup: async (tenant) => ({ state: "found", customer_id: `customer-of-${tenant}` }),
      },
      delivery: { lingerMs: 5, onFull: "block", retryCapMs: 1_000 },
      timeoutMs: PATIENCE_MS,
    });

  const idsInTopic = async (): Promise<readonly string[]> =>
    (await broker.read(topic)).map(({ headers }) => new Map(headers).get("meter.event_id") ?? "no id");

  const doubled = (ids: readonly string[]): readonly string[] =>
    [...Map.groupBy(ids, (id) => id)].filter(([, all]) => all.length > 1).map(([id]) => id);

  test("answers cut off after the write: nothing lost, nothing doubled, nothing in doubt", async () => {
    let answers = 0;
    proxy.onWritten = () => (++answers % 4 === 0 ? "cut" : "pass");
    const { transport, outcomes } = watchedTransport(
      kafkaTransport({ brokers: [`127.0.0.1:${proxy.port}`], topic, producers: 5, timeoutMs: PATIENCE_MS }),
    );
    const client = clientOf(transport);
    const recorded = await recordAll(client);
    expect(await client.flush({ timeoutMs: PATIENCE_MS })).toBe(true);
    await client.close();

    const stored = await idsInTopic();
    expect(proxy.faults).toBeGreaterThan(5);
    expect(stored.toSorted()).toEqual(recorded.toSorted());
    expect(outcomes).toMatchObject({ acknowledged: EVENTS, unsure: 0, rejected: 0 });
  });

  test("the broker killed twice in mid-stream: nothing lost, doubled only what was declared unsure", async () => {
    const { transport, unsure, outcomes } = watchedTransport(
      kafkaTransport({
        brokers: [broker.address],
        topic,
        producers: 5,
        timeoutMs: PATIENCE_MS,
        dedup: { windowMs: 86_400_000 },
      }),
    );
    const client = clientOf(transport);
    const recorded = await recordAll(client, async (count) => {
      // Not where `recordAll` has waited for all to settle: something is on the way.
      if (count !== 3_000 && count !== 7_000) return;
      await broker.kill();
      await broker.start();
    });
    expect(await client.flush({ timeoutMs: PATIENCE_MS })).toBe(true);
    await client.close();

    const stored = await idsInTopic();
    expect([...new Set(stored)].toSorted()).toEqual(recorded.toSorted());
    expect(doubled(stored).filter((id) => !unsure.has(id))).toEqual([]);
    expect(outcomes).toMatchObject({ acknowledged: EVENTS, rejected: 0 });
  });

  test("the broker down at the start: events wait, none is in doubt", async () => {
    await broker.kill();
    const { transport, outcomes } = watchedTransport(kafkaTransport({ brokers: [broker.address], topic }));
    const client = clientOf(transport);
    const receipt = client.record({
      tenant_id: "tenant-1",
      device_id: "device-1",
      meter_id: "page.processed.basic",
      total_usage: 1,
    });
    await expect.poll(() => outcomes.fault).toBeGreaterThan(0);
    await broker.start();
    expect(await receipt.settled).toMatchObject({ state: "acknowledged" });
    await client.close();
    expect(outcomes).toMatchObject({ unsure: 0, acknowledged: 1 });
    expect(await idsInTopic()).toEqual([receipt.event_id]);
  });

  const one = (event_id: string): readonly OutgoingEvent[] => [outgoingEvent({ event_id })];
  const ctx = (signal = new AbortController().signal) => ({ signal, deadline: 0 });

  test("no answer at all: unsure in time, and another producer takes over", async () => {
    const transport = kafkaTransport({
      brokers: [`127.0.0.1:${proxy.port}`],
      topic,
      producers: 1,
      timeoutMs: 5_000,
    });
    await transport.send({ events: one("first") }, ctx());
    proxy.onWritten = () => "swallow";
    const answer = await transport.send({ events: one("second") }, ctx());
    expect(answer.outcomes).toMatchObject([{ state: "unsure", timeout: true }]);
    proxy.onWritten = () => "pass";
    const next = await transport.send({ events: one("third") }, ctx());
    expect(next.outcomes).toMatchObject([{ state: "acknowledged" }]);
    await transport[Symbol.asyncDispose]?.();
    expect((await idsInTopic()).toSorted()).toEqual(["first", "second", "third"]);
  });

  test("an abort settles a send that waits, and disposal ends with answers outstanding", async () => {
    const transport = kafkaTransport({
      brokers: [`127.0.0.1:${proxy.port}`],
      topic,
      timeoutMs: PATIENCE_MS,
    });
    const abort = new AbortController();
    proxy.onWritten = () => {
      abort.abort();
      return "swallow";
    };
    const answer = await transport.send({ events: one("aborted") }, ctx(abort.signal));
    expect(answer.outcomes).toMatchObject([{ state: "unsure" }]);

    let written = () => {};
    const isWritten = new Promise<void>((resolve) => {
      written = resolve;
    });
    proxy.onWritten = () => {
      written();
      return "swallow";
    };
    const waiting = transport.send({ events: one("left behind") }, ctx());
    await isWritten;
    await transport[Symbol.asyncDispose]?.();
    expect((await waiting).outcomes).toMatchObject([{ state: "unsure" }]);
  });

  transportConformance({
    name: "kafka",
    create: async () => {
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
