import { afterEach, beforeEach, expect, type MockInstance, test, vi } from "vitest";
import { engineRig, recordMany, usage } from "../../test/engine-rig.ts";
import { wrapOutbox } from "../../test/wrap-outbox.ts";
import { memoryOutbox } from "../index.ts";

let error: MockInstance<typeof console.error>;
beforeEach(() => {
  error = vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => error.mockRestore());

const lines = () => error.mock.calls.map(([line]) => String(line));

test("without a handler, the console is told of the first refused event of each code, then of the sums", async () => {
  const { client, clock } = engineRig({ outbox: memoryOutbox({ maxEvents: 10 }) });
  const noUnits = { ...usage(), total_usage: -1 };
  client.record(noUnits);
  recordMany(client, 100);
  expect(lines()).toEqual([
    expect.stringMatching(/^meter-lib: an event was not recorded: invalid_event: total_usage: .*-1/),
    expect.stringMatching(/^meter-lib: an event was not recorded: no_room: /),
  ]);

  await clock.advance(60_000);
  expect(lines().slice(2)).toEqual(["meter-lib: events not recorded so far: 1 invalid_event, 90 no_room"]);

  await clock.advance(600_000);
  expect(lines()).toHaveLength(3);
  for (let i = 0; i < 50; i++) client.record(noUnits);
  await client.close();
  client.record(usage());
  expect(lines().slice(3)).toEqual([
    "meter-lib: events not recorded so far: 51 invalid_event, 90 no_room",
    expect.stringMatching(/^meter-lib: an event was not recorded: closed: /),
  ]);
});

test("with a handler, the console is told nothing", async () => {
  const { client, clock } = engineRig();
  const refused = vi.fn();
  client.on("refused", refused);
  const noUnits = { ...usage(), total_usage: -1 };
  for (let i = 0; i < 3; i++) client.record(noUnits);
  await clock.advance(600_000);
  await client.close();
  expect(refused).toHaveBeenCalledTimes(3);
  expect(lines()).toEqual([]);
});

test("an outbox that fails is told once for each cause, not at each attempt", async () => {
  const fail = () => Promise.reject(new Error("disk I/O error"));
  const outbox = wrapOutbox(memoryOutbox(), { durable: true, open: fail, commit: fail, claim: fail });
  const { client, clock } = engineRig({ outbox });
  recordMany(client, 10);
  await clock.advance(600_000);
  await client.close();
  expect(lines().filter((line) => line.includes("disk I/O error"))).toEqual([
    "meter-lib: the outbox stores no events, so they are kept in memory: disk I/O error",
  ]);
});

test("a handler that throws, or whose promise fails, breaks nothing and is told as a warning", async () => {
  const { client, clock, transport } = engineRig();
  const told: string[] = [];
  client.on("warning", ({ message }) => {
    told.push(message);
    throw new Error("of no use either");
  });
  client.on("acknowledged", () => {
    throw new Error("no such column");
  });
  client.on("acknowledged", () => Promise.reject(new Error("log is away")));
  client.record(usage());
  await clock.advance(2_000);
  expect(transport.events).toHaveLength(1);
  expect(told).toEqual([
    "a handler of acknowledged threw: no such column",
    "a handler of acknowledged threw: log is away",
  ]);
  expect(client.health().warnings).toBe(2);
  await client.close();
});
