import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { OutgoingEvent, SendAnswer, Transport } from "@meter-lib/core/transport";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../../scripts/test/free-port.ts";
import { outgoingEvent } from "../../transport-fetch/test/outgoing-event.ts";
import { type Broker, startBroker } from "../test/broker.ts";
import { whyNoJava } from "../test/java-home.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { kafkaTransport } from "./kafka-transport.ts";
import type { KafkaTransportOptions } from "./kafka-transport-options.ts";

const missing = await whyNoJava();
if (missing !== undefined) console.warn(`Kafka tests skipped: ${missing}`);

const CERTIFICATE = new URL("../test/self-signed-cert.pem", import.meta.url);
const KEY = new URL("../test/self-signed-key.pem", import.meta.url);

let topics = 0;
const events = (count: number, fields: Partial<OutgoingEvent> = {}): readonly OutgoingEvent[] =>
  Array.from({ length: count }, (_, i) =>
    outgoingEvent({ event_id: `event-${i}`, customer_id: `cust-${i % 9}`, seq: i + 1, ...fields }),
  );

const send = (
  transport: Transport,
  batch: readonly OutgoingEvent[],
  signal = new AbortController().signal,
): Promise<SendAnswer> => transport.send({ events: batch }, { signal, deadline: 0 });

const states = (answer: SendAnswer): string =>
  answer.fault?.kind ?? [...new Set(answer.outcomes?.map(({ state }) => state))].join(" and ");

describe.skipIf(missing !== undefined)(`against a real broker${missing ? ` (${missing})` : ""}`, () => {
  let broker: Broker;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const users = 'user_metering="right" user_guest="right"';

  beforeAll(async () => {
    folder = await temporaryFolder();
    const keyStore = path.join(folder.path, "broker.pem");
    await writeFile(keyStore, `${await readFile(KEY, "utf8")}\n${await readFile(CERTIFICATE, "utf8")}`);
    broker = await startBroker({
      folder: path.join(folder.path, "broker"),
      listeners: { SASL: "SASL_PLAINTEXT", TLS: "SSL" },
      format: ["--add-scram", "SCRAM-SHA-512=[name=metering,password=right]"],
      properties: {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS;User:metering",
        "listener.name.sasl.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512,OAUTHBEARER",
        "listener.name.sasl.plain.sasl.jaas.config": `org.apache.kafka.common.security.plain.PlainLoginModule required ${users};`,
        "listener.name.sasl.scram-sha-512.sasl.jaas.config":
          "org.apache.kafka.common.security.scram.ScramLoginModule required;",
        // Takes tokens that nobody signed: https://kafka.apache.org/documentation/#security_sasl_oauthbearer
        "listener.name.sasl.oauthbearer.sasl.jaas.config":
          'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
        "listener.name.tls.ssl.keystore.type": "PEM",
        "listener.name.tls.ssl.keystore.location": keyStore,
      },
    });
  });
  afterAll(async () => {
    await broker?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const newTopic = async (
    partitions = 3,
    configs: Readonly<Record<string, string>> = {},
  ): Promise<string> => {
    const topic = `topic-${topics++}`;
    await broker.createTopic(topic, partitions, configs);
    return topic;
  };
  const connect = (options: Partial<KafkaTransportOptions>): Transport & AsyncDisposable => {
    const transport = kafkaTransport({ brokers: [broker.address], ...options });
    return { ...transport, [Symbol.asyncDispose]: async () => transport[Symbol.asyncDispose]?.() };
  };

  test("what is acknowledged is in the topic, once, where Kafka's own producer would have put it", async () => {
    const topic = await newTopic(6);
    await using transport = connect({ topic });
    const batch = events(500);
    expect(states(await send(transport, batch))).toBe("acknowledged");

    const stored = await broker.read(topic);
    const ids = stored.map(({ headers }) => new Map(headers).get("meter.event_id"));
    expect(ids.toSorted()).toEqual(batch.map(({ event_id }) => event_id).toSorted());
    expect(stored.filter(({ partition, javaPartition }) => partition !== javaPartition)).toEqual([]);
    expect(new Set(stored.map(({ partition }) => partition)).size).toBeGreaterThan(1);
    expect(stored.find(({ headers }) => new Map(headers).get("meter.seq") === "8")).toMatchObject({
      key: "cust-7",
      value:
        '{"meter_id":"page.processed.basic","customer_id":"cust-7","total_usage":24,"event_time":1759791552000,"metadata":{}}',
      headers: [
        ["meter.event_id", "event-7"],
        ["meter.tenant_id", "tenant_123"],
        ["meter.device_id", "us-east-ing1"],
        ["meter.producer", "producer-1"],
        ["meter.seq", "8"],
      ],
    });
  });

  test("records of one customer keep their order", async () => {
    const topic = await newTopic();
    await using transport = connect({ topic, producers: 1 });
    for (const from of [0, 200, 400]) await send(transport, events(600).slice(from, from + 200));
    const seqs = (await broker.read(topic))
      .filter(({ key }) => key === "cust-1")
      .map(({ headers }) => Number(new Map(headers).get("meter.seq")));
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    expect(seqs.length).toBe(67);
  });

  test.each(["none", "gzip", "snappy", "zstd"] as const)(
    "compression %s is readable by Kafka",
    async (compression) => {
      const topic = await newTopic(1);
      await using transport = connect({ topic, compression });
      expect(states(await send(transport, events(50)))).toBe("acknowledged");
      expect((await broker.read(topic)).length).toBe(50);
    },
  );

  test("records that are too large are rejected alone; all others go on", async () => {
    const topic = await newTopic(2, { "max.message.bytes": "2000" });
    await using transport = connect({ topic, compression: "none" });
    const tooLarge = new Set([3, 17, 38]);
    const batch = events(40).map((event, i) =>
      tooLarge.has(i) ? { ...event, metadata: { note: "x".repeat(3_000) } } : event,
    );
    const answer = await send(transport, batch);
    expect(answer.outcomes?.map(({ state }) => state)).toEqual(
      batch.map((_, i) => (tooLarge.has(i) ? "rejected" : "acknowledged")),
    );
    expect(answer.outcomes?.[3]).toMatchObject({ reason: expect.stringContaining("MESSAGE_TOO_LARGE") });
    const ids = (await broker.read(topic)).map(({ headers }) => new Map(headers).get("meter.event_id"));
    expect(ids.length).toBe(37);
    expect(new Set(ids).size).toBe(37);
  });

  test("a missing topic blocks, and works once it exists", async () => {
    const topic = `topic-${topics++}`;
    await using transport = connect({ topic });
    expect(await send(transport, events(2))).toMatchObject({
      fault: { kind: "blocked", reason: expect.stringContaining("topic") },
    });
    await broker.createTopic(topic, 1);
    expect(states(await send(transport, events(2)))).toBe("acknowledged");
  });

  test("nobody listens: unavailable, at once", async () => {
    await using transport = connect({ brokers: [`127.0.0.1:${await freePort()}`] });
    expect(await send(transport, events(2))).toMatchObject({
      fault: { kind: "unavailable", reason: expect.stringContaining("ECONNREFUSED") },
    });
  });

  test("a dead broker in the list does not matter", async () => {
    const topic = await newTopic(1);
    await using transport = connect({ topic, brokers: [`127.0.0.1:${await freePort()}`, broker.address] });
    expect(states(await send(transport, events(2)))).toBe("acknowledged");
  });

  test("an aborted call sends nothing", async () => {
    const topic = await newTopic(1);
    await using transport = connect({ topic });
    expect(states(await send(transport, events(2), AbortSignal.abort()))).toBe("unavailable");
    expect(await broker.read(topic)).toEqual([]);
  });

  test("after it was disposed of, it sends nothing", async () => {
    const topic = await newTopic(1);
    const transport = connect({ topic });
    await send(transport, events(1));
    await transport[Symbol.asyncDispose]();
    expect(states(await send(transport, events(1)))).toBe("unavailable");
  });

  describe("SASL", () => {
    const login = (mechanism: "PLAIN" | "SCRAM-SHA-512", password: string, username = "metering") => ({
      brokers: [broker.addresses.SASL ?? ""],
      sasl: { mechanism, username, password: () => password },
    });

    test.each(["PLAIN", "SCRAM-SHA-512"] as const)("%s", async (mechanism) => {
      const topic = await newTopic(1);
      await using transport = connect({ topic, ...login(mechanism, "right") });
      expect(states(await send(transport, events(2)))).toBe("acknowledged");
    });

    test.each(["PLAIN", "SCRAM-SHA-512"] as const)("%s with a wrong password blocks", async (mechanism) => {
      const topic = await newTopic(1);
      await using transport = connect({ topic, ...login(mechanism, "wrong") });
      const answer = await send(transport, events(2));
      expect(answer).toMatchObject({ fault: { kind: "blocked", credentials: true } });
      expect(JSON.stringify(answer)).not.toContain("wrong");
    });

    /** An unsecured JSON web signature: https://datatracker.ietf.org/doc/html/rfc7515#appendix-A.5 */
    const token = (sub: string, lifetimeSeconds: number): string => {
      const now = Math.floor(Date.now() / 1000);
      const parts = [{ alg: "none" }, { sub, iat: now - 60, exp: now + lifetimeSeconds }];
      return `${parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")}.`;
    };

    test("OAUTHBEARER, with a token asked for at the connection", async () => {
      const topic = await newTopic(1);
      const brokers = [broker.addresses.SASL ?? ""];
      let asked = 0;
      const sasl = {
        mechanism: "OAUTHBEARER" as const,
        token: async () => {
          asked++;
          return token("metering", 600);
        },
      };
      await using transport = connect({ topic, brokers, sasl });
      expect(states(await send(transport, events(2)))).toBe("acknowledged");
      expect(asked).toBeGreaterThan(0);
      expect((await broker.read(topic)).length).toBe(2);
    });

    test("OAUTHBEARER with a token that has expired blocks, and the token is not told", async () => {
      const topic = await newTopic(1);
      const brokers = [broker.addresses.SASL ?? ""];
      const expired = token("metering", -30);
      await using transport = connect({
        topic,
        brokers,
        sasl: { mechanism: "OAUTHBEARER", token: expired },
      });
      const answer = await send(transport, events(2));
      expect(answer).toMatchObject({ fault: { kind: "blocked", credentials: true } });
      expect(JSON.stringify(answer)).not.toContain(expired);
    });

    test("a mechanism that the broker does not offer blocks", async () => {
      const topic = await newTopic(1);
      const brokers = [broker.addresses.SASL ?? ""];
      const sasl = { mechanism: "SCRAM-SHA-256", username: "metering", password: "right" } as const;
      await using transport = connect({ topic, brokers, sasl });
      expect(await send(transport, events(2))).toMatchObject({ fault: { kind: "blocked" } });
    });

    test("a user who may not write blocks, and nothing is written", async () => {
      const topic = await newTopic(1);
      await using transport = connect({ topic, ...login("PLAIN", "right", "guest") });
      expect(await send(transport, events(2))).toMatchObject({ fault: { kind: "blocked" } });
      expect(await broker.read(topic)).toEqual([]);
    });

    test("a broker that wants a login gets none: not processed", async () => {
      const topic = await newTopic(1);
      await using transport = connect({ topic, brokers: [broker.addresses.SASL ?? ""], timeoutMs: 3_000 });
      expect((await send(transport, events(2))).fault).toBeDefined();
    });
  });

  describe("TLS", () => {
    test("with the certificate's authority", async () => {
      const topic = await newTopic(1);
      const ca = await readFile(CERTIFICATE, "utf8");
      const tls = { ca, checkServerIdentity: () => undefined };
      await using transport = connect({ topic, brokers: [broker.addresses.TLS ?? ""], tls });
      expect(states(await send(transport, events(2)))).toBe("acknowledged");
    });

    test("an unknown certificate blocks", async () => {
      const topic = await newTopic(1);
      await using transport = connect({ topic, brokers: [broker.addresses.TLS ?? ""], tls: true });
      expect(await send(transport, events(2))).toMatchObject({
        fault: { kind: "blocked", reason: expect.stringContaining("no secure connection") },
      });
    });

    test("TLS against a plain listener, and plain against a TLS one: not processed", async () => {
      const topic = await newTopic(1);
      await using secure = connect({ topic, tls: true, timeoutMs: 3_000 });
      expect((await send(secure, events(1))).fault).toBeDefined();
      await using plain = connect({ topic, brokers: [broker.addresses.TLS ?? ""], timeoutMs: 3_000 });
      expect((await send(plain, events(1))).fault).toBeDefined();
    });
  });
});
