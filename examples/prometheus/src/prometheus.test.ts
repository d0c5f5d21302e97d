import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { freePort } from "../../../scripts/test/free-port.ts";
import { startObservedService } from "./observed-service.ts";

const FOLDER = fileURLToPath(new URL("..", import.meta.url));
const found = ["prometheus", "promtool"].every((command) => spawnSync(command, ["--version"]).status === 0);
if (!found) console.log("SKIPPED: a scrape by Prometheus (prometheus and promtool are not installed)");

const Dashboard = v.object({
  panels: v.array(
    v.object({ title: v.string(), targets: v.optional(v.array(v.object({ expr: v.string() })), []) }),
  ),
});
const Answer = v.object({
  status: v.literal("success"),
  data: v.object({
    result: v.array(
      v.object({ metric: v.record(v.string(), v.string()), value: v.tuple([v.number(), v.string()]) }),
    ),
  }),
});

const textOf = (file: string): Promise<string> => readFile(join(FOLDER, file), "utf8");
const named = (text: string, pattern: RegExp): readonly string[] =>
  [...new Set(Array.from(text.matchAll(pattern), ([, name = ""]) => name))].toSorted();

test("every alert is tested, and the guide to operations names it and no other", async () => {
  const alerts = named(await textOf("alerts.yml"), /- alert: (\w+)/g);
  expect(named(await textOf("alerts.test.yml"), /alertname="(\w+)"/g)).toEqual(alerts);
  expect(named(await textOf("../../docs/guide/operations.md"), /`(Metering\w+)`/g)).toEqual(alerts);
});

describe.skipIf(!found)("Debian's Prometheus", () => {
  test.each([
    ["check", "config", "prometheus.yml"],
    ["test", "rules", "alerts.test.yml"],
  ])("promtool %s %s %s succeeds", (...args) => {
    const { status, stdout, stderr } = spawnSync("promtool", args, { cwd: FOLDER, encoding: "utf8" });
    expect(status, stdout + stderr).toBe(0);
  });

  test("scrapes sandbox, client and relay; every panel has data; an alert's expression finds what it is for", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meter-prometheus-"));
    const ports = { sandbox: await freePort(), service: await freePort(), relay: await freePort() };
    const running = await startObservedService(ports);
    const config = (await readFile(join(FOLDER, "prometheus.yml"), "utf8"))
      .replace("8099", `${ports.sandbox}`)
      .replace("9464", `${ports.service}`)
      .replace("9465", `${ports.relay}`)
      .replace("15s", "1s")
      .replace("alerts.yml", join(FOLDER, "alerts.yml"));
    const file = join(folder, "prometheus.yml");
    await writeFile(file, config);
    const port = await freePort();
    const server = spawn(
      "prometheus",
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: "ignore" },
    );
    try {
      const query = async (expr: string) => {
        const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expr)}`;
        return v.parse(Answer, await (await fetch(url)).json()).data.result;
      };
      const value = async (expr: string): Promise<number> => {
        const [first] = await query(expr).catch(() => []);
        return Number(first?.value[1] ?? Number.NaN);
      };
      await expect.poll(() => value("sum(up)"), { interval: 500 }).toBe(3);
      await running.use();
      await running.use("stranger");
      running.service.client.record({
        tenant_id: "tenant_123",
        device_id: "service",
        meter_id: "page.processed.basic",
        total_usage: Number("-1"),
      });
      await fetch(`${running.sandbox.url}/api/v1/events`, { method: "POST", body: "no event" });

      await expect.poll(() => value('sum(meter_lib_events_acknowledged_total{service="relay"})')).toBe(1);
      await expect.poll(() => value("meter_sandbox_usage")).toBe(4);
      const dashboard = v.parse(Dashboard, JSON.parse(await readFile(join(FOLDER, "grafana.json"), "utf8")));
      for (const { title, targets } of dashboard.panels) {
        for (const { expr } of targets) {
          const all = expr.replaceAll("$service", ".*");
          // A rate has a value from its second scrape on.
          await expect
            .poll(async () => (await query(all)).length, { message: `${title}: ${expr}` })
            .toBeGreaterThan(0);
        }
      }
      const rules = (await textOf("alerts.yml")).replaceAll(/\bby \([^)]*\)/g, "");
      for (const metric of named(rules, /(?<![.\w])(meter_(?:lib|sandbox)_\w+)/g))
        await expect.poll(() => value(`count(${metric})`), { message: metric }).toBeGreaterThan(0);
      await expect.poll(() => value("max by (service) (meter_lib_tenants_parked) > 0")).toBe(1);
      await expect.poll(() => value('meter_sandbox_events_total{state="refused"}')).toBe(1);
      expect(await value("min(meter_lib_destination_working)")).toBe(1);
    } finally {
      server.kill();
      await once(server, "exit");
      await running.close();
      await rm(folder, { recursive: true });
    }
  });
});
