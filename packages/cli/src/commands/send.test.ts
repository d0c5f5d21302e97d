import { join } from "node:path";
import { createSandbox } from "@meter-lib/sandbox";
import { describe, expect, test } from "vitest";
import { meter } from "../testing/meter-process.ts";
import { runHere } from "../testing/run-here.ts";
import { TempFolder } from "../testing/temp-folder.ts";

const EVENT = ["--tenant", "tenant_123", "--device", "us-east-ing1", "--meter", "page.processed.basic"];
const tenants = { tenant_123: "cust_001" };

describe.concurrent("meter send", { timeout: 240_000 }, () => {
  test("sends one event; the same id is counted once", async () => {
    await using sandbox = await createSandbox({ tenants });
    const args = ["send", ...EVENT, "--usage", "24", "--id", "e1", "--base-url", sandbox.url];
    const first = await runHere(args);
    expect(first).toMatchObject({ exit: 0, stdout: "Accepted by the backend.\nevent e1\n", stderr: "" });
    const second = await runHere([...args, "--json"]);
    expect(JSON.parse(second.stdout)).toMatchObject({ state: "accepted", event_id: "e1", duplicate: true });
    expect(sandbox.usage()).toMatchObject([{ total_usage: 24, events: 1, duplicates: 1 }]);
  });

  test("reads the environment that createMeterClient reads", async () => {
    await using sandbox = await createSandbox({ tenants, apiKeys: ["KEY"] });
    const env = {
      METER_LIB_BASE_URL: sandbox.url,
      METER_LIB_DIALECT: "kafka-rest",
      METER_LIB_API_KEY: "KEY",
    };
    const args = ["send", ...EVENT, "--usage", "5", "--metadata", "rule_id=7"];
    expect(await meter(args, { env })).toMatchObject({ exit: 0, stderr: "" });
    expect(sandbox.usage()).toMatchObject([{ total_usage: 5 }]);
    const wrong = await meter(args, { env: { ...env, METER_LIB_DIALECT: "soap" } });
    expect(wrong).toMatchObject({ exit: 2 });
    expect(wrong.stderr).toContain("METER_LIB_DIALECT: expected one of events, kafka-rest");
  });

  test("the environment's key is for the environment's host alone", async () => {
    await using sandbox = await createSandbox({ tenants, apiKeys: ["KEY"] });
    const env = { METER_LIB_BASE_URL: "https://meter.example.test", METER_LIB_API_KEY: "KEY" };
    const args = ["send", ...EVENT, "--usage", "5", "--base-url", sandbox.url, "--lookup-route"];
    const without = await meter([...args, "internal-v1"], { env });
    expect(without.stderr).toContain("METER_LIB_API_KEY belongs to the host in the environment");
    const given = await meter([...args, "portal", "--api-key", "KEY"], { env });
    expect(given).toMatchObject({ exit: 0, stderr: "" });
  });

  test("names the flag of a field that is wrong, and sends nothing", async () => {
    await using sandbox = await createSandbox({ tenants });
    const at = ["--base-url", sandbox.url];
    const volume = await runHere(["send", ...EVENT, "--start", "now", ...at]);
    expect(volume.exit).toBe(3);
    expect(volume.stdout).toContain("--usage: expected an integer");
    expect(volume.stdout).toContain("--start: expected no value");
    const seconds = await runHere(["send", ...EVENT, "--usage", "1", "--time", "1759791552", ...at]);
    expect(seconds.exit).toBe(2);
    expect(seconds.stderr).toContain(
      "--time: expected milliseconds since the epoch (this looks like seconds",
    );
    const dry = await runHere(["send", ...EVENT, "--usage", "1", "--dry-run", ...at]);
    expect(dry).toMatchObject({ exit: 0, stdout: "The event is valid. Nothing was sent.\n" });
    expect(sandbox.usage()).toEqual([]);
  });

  test("says what a failure means for the bill", async () => {
    await using sandbox = await createSandbox({ tenants });
    const unknown = await runHere([
      "send",
      ...EVENT,
      "--usage",
      "1",
      "--base-url",
      sandbox.url,
      "--tenant",
      "nobody",
    ]);
    expect(unknown.exit).toBe(5);
    expect(unknown.stdout).toContain('tenant "nobody" has no customer');
    expect(unknown.stdout).toContain("Nothing was counted.");
    const nobody = await runHere(["send", ...EVENT, "--usage", "1", "--base-url", "http://127.0.0.1:1"]);
    expect(nobody.exit).toBe(5);
    expect(nobody.stdout).toContain("run meter doctor for details");
  });

  test("an answer that is lost is ambiguous", async () => {
    await using sandbox = await createSandbox({ tenants });
    const { createServer } = await import("node:http");
    const broken = createServer((_, response) => response.writeHead(500).end()).listen(0, "127.0.0.1");
    await new Promise((resolve) => broken.once("listening", resolve));
    const address = broken.address();
    const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    const { exit, stdout } = await runHere([
      "send",
      ...EVENT,
      "--usage",
      "1",
      "--id",
      "e9",
      "--base-url",
      url,
      "--lookup-url",
      sandbox.url,
    ]);
    broken.close();
    expect(exit).toBe(6);
    expect(stdout).toContain("It may have been counted. If you send it again, use the same id");
    expect(stdout).toContain("--id e9");
  });

  test("--record keeps what cannot be delivered, for meter outbox drain", async () => {
    await using folder = await TempFolder.create();
    const outbox = join(folder.path, "outbox.db");
    await using sandbox = await createSandbox({ tenants });
    const args = ["send", ...EVENT, "--usage", "3", "--id", "e1", "--record", outbox];
    const away = await runHere([...args, "--base-url", "http://127.0.0.1:1"]);
    expect(away.exit).toBe(5);
    expect(away.stdout).toContain(`meter outbox drain ${outbox}`);
    const drained = await runHere(["outbox", "drain", outbox, "--base-url", sandbox.url]);
    expect(drained).toMatchObject({ exit: 0, stdout: "1 event delivered; nothing left.\n" });
    const again = await runHere([...args, "--base-url", sandbox.url]);
    expect(again.stdout).toContain("Already recorded; it is counted once.");
    const dry = await runHere([...args, "--dry-run", "--base-url", sandbox.url]);
    expect(dry).toMatchObject({ exit: 0, stdout: expect.stringContaining("recorded in") });
    const other = args.with(args.indexOf("3"), "4");
    for (const how of [["--dry-run"], []]) {
      const { exit, stdout } = await runHere([...other, ...how, "--base-url", sandbox.url]);
      expect(stdout).toContain('event_id: "e1" was recorded before for tenant');
      expect(exit).toBe(3);
    }
    expect(sandbox.usage()).toMatchObject([{ total_usage: 3, events: 1, duplicates: 0 }]);
  });
});

describe("meter session", { timeout: 240_000 }, () => {
  test("start and end are one session; each end counts once", async () => {
    await using sandbox = await createSandbox({ tenants });
    const subject = ["--tenant", "tenant_123", "--device", "web-1", "--meter", "chat.on.time_hours"];
    const env = { METER_LIB_BASE_URL: sandbox.url };
    const start = await meter(["session", "start", ...subject, "--at", "2026-11-01T10:00:00Z", "--json"], {
      env,
    });
    const { session_id } = JSON.parse(start.stdout);
    const end = ["session", "end", ...subject, "--session", session_id];
    expect(await meter([...end, "--at", "2026-11-01T11:30:00+01:00"], { env })).toMatchObject({ exit: 0 });
    const other = await meter([...end, "--at", "2026-11-01T12:00:00Z"], { env });
    expect(other.exit).toBe(5);
    expect(sandbox.usage()).toMatchObject([{ duration_ms: 30 * 60_000, events: 2, conflicts: 1 }]);
  });
});
