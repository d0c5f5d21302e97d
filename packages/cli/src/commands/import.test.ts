import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { createSandbox } from "@meter-lib/sandbox";
import { describe, expect, test } from "vitest";
import { meter, startMeter } from "../testing/meter-process.ts";
import { TempFolder } from "../testing/temp-folder.ts";

const tenants = { a: "cust_a", b: "cust_b" };
const HEADER = "meter_id,tenant_id,device_id,total_usage,event_time";
const row = (tenant: string, usage: number | string, time = "2026-11-01T10:00:00Z") =>
  `page.processed.basic,${tenant},d,${usage},${time}`;

const sums = (stdout: string) => {
  const { recorded, accounts } = JSON.parse(stdout);
  return { recorded: recorded.recorded, known: recorded.known, acknowledged: accounts.acknowledged };
};

describe.concurrent("meter import", { timeout: 240_000 }, () => {
  test("counts every row once, in this run and in the next", async () => {
    await using folder = await TempFolder.create();
    await using sandbox = await createSandbox({ tenants });
    const text = [HEADER, row("a", 1), row("b", 2), row("a", 1), "", row("a", 4)].join("\r\n");
    const file = await folder.file("usage.csv", text);
    const args = ["import", file, "--base-url", sandbox.url, "--json"];
    const first = await meter(args);
    expect(first).toMatchObject({ exit: 0, stderr: "" });
    expect(sums(first.stdout)).toEqual({ recorded: 4, known: 0, acknowledged: 4 });
    // The third row says what the first one says: another use.
    const usage = () =>
      sandbox.usage().map(({ tenant_id, total_usage, duplicates }) => [tenant_id, total_usage, duplicates]);
    expect(usage()).toEqual([
      ["a", 6, 0],
      ["b", 2, 0],
    ]);
    expect(sums((await meter(args)).stdout)).toEqual({ recorded: 0, known: 4, acknowledged: 4 });
    // Rows behind, in another order, under another name, through another outbox: the same rows keep their ids.
    const longer = await folder.file(
      "copy.csv",
      [HEADER, row("a", 4), row("a", 1), row("a", 8), row("a", 1), row("b", 2)].join("\n"),
    );
    const again = await meter(["import", longer, "--base-url", sandbox.url, "--json", "--dedup", "1h"]);
    expect(sums(again.stdout)).toEqual({ recorded: 5, known: 0, acknowledged: 5 });
    expect(usage()).toEqual([
      ["a", 14, 3],
      ["b", 2, 1],
    ]);
  });

  test("checks all lines before it records any, and names line, column, value", async () => {
    await using folder = await TempFolder.create();
    await using sandbox = await createSandbox({ tenants });
    const text = `meter_id,tenant_id,device_id,pages,event_time,metadata.note
page.processed.basic,a,d,1,2026-11-01T10:00:00Z,
page.processed.basic,a,d,2.5,2026-11-01T10:00:00Z,"two
lines"
page.processed.basik,,d,3,1759791552,
page.processed.basic,a,d
page.processed.basic,a,d,4,2026-11-01,`;
    const file = await folder.file("usage.csv", text);
    const at = ["--base-url", sandbox.url, "--dialect", "kafka-rest"];
    const { exit, stderr, stdout } = await meter(["import", file, "--map", "total_usage=pages", ...at]);
    expect(stdout).toBe("");
    expect(stderr).toContain("4 of 5 rows are wrong; nothing was recorded");
    expect(stderr).toContain(
      `${file}:3: "pages" (total_usage): expected an integer from 0 to 2^53 − 1, got 2.5`,
    );
    expect(stderr).toContain(`${file}:5: tenant_id: expected text`);
    expect(stderr).toContain(`${file}:6: Invalid Record Length: columns length is 6, got 3`);
    expect(stderr).toContain(
      `${file}:7: event_time: expected milliseconds since the epoch, or an ISO time with a zone`,
    );
    expect(exit).toBe(3);
    expect(sandbox.usage()).toEqual([]);
  });

  test("a header that cannot be right is refused at once", async () => {
    await using folder = await TempFolder.create();
    const file = await folder.file("usage.csv", `${HEADER},colour\n${row("a", 1)},red`);
    const at = ["--base-url", "http://127.0.0.1:1"];
    const other = await meter(["import", file, ...at]);
    expect(other.exit).toBe(2);
    expect(other.stderr).toContain('columns that are fields, got "colour"');
    const map = await meter(["import", file, "--map", "device_id=machine", ...at]);
    expect(map.stderr).toContain('--map: expected device_id from one of the columns "meter_id"');
    const field = await meter(["import", file, "--map", "usage=total_usage", ...at]);
    expect(field.stderr).toContain("--map: expected one of meter_id");
    const both = await meter(["import", file, "--map", "device_id=x", "--set", "device_id=y", ...at]);
    expect(both.stderr).toContain("--set: expected device_id in --map or --set, got it in both");
  });

  test("NDJSON, constants, seconds, sessions, metadata, times of work", async () => {
    await using folder = await TempFolder.create();
    await using sandbox = await createSandbox({ tenants });
    const file = await folder.file(
      "usage.ndjson",
      [
        {
          meter_id: "chat.query.time_secs",
          start_time: 1_790_000_000,
          end_time: 1_790_000_060,
          metadata: { model: "m" },
        },
        {
          meter_id: "page.processed.basic",
          total_usage: 7,
          event_time: 1_790_000_000,
          event_id: "own-1",
          spam: 1,
        },
      ]
        .map((line) => JSON.stringify(line))
        .join("\n"),
    );
    const set = ["--set", "tenant_id=a", "--set", "device_id=export", "--time-unit", "s"];
    const at = ["--base-url", sandbox.url, "--dialect", "kafka-rest"];
    const strict = await meter(["import", file, ...set, ...at]);
    expect(strict.stderr).toContain(`${file}:2: "spam": expected one of meter_id`);
    const { exit } = await meter(["import", file, ...set, ...at, "--ignore-other-columns"]);
    expect(exit).toBe(0);
    expect(sandbox.usage()).toMatchObject([{ duration_ms: 60_000 }, { total_usage: 7 }]);
  });

  test("an unknown tenant is found before anything is recorded", async () => {
    await using folder = await TempFolder.create();
    await using sandbox = await createSandbox({ tenants });
    const file = await folder.file("usage.csv", [HEADER, row("a", 1), row("nobody", 2)].join("\n"));
    const { exit, stderr } = await meter(["import", file, "--base-url", sandbox.url]);
    expect(exit).toBe(5);
    expect(stderr).toContain(`${file}:3: tenant "nobody" has no customer`);
    expect(sandbox.usage()).toEqual([]);
  });

  test("--dry-run says what it would do, and does nothing", async () => {
    await using folder = await TempFolder.create();
    await using sandbox = await createSandbox({ tenants });
    const file = await folder.file("usage.csv", [HEADER, row("a", 1), row("b", 2)].join("\n"));
    const { exit, stdout } = await meter(["import", file, "--base-url", sandbox.url, "--dry-run"]);
    expect(exit).toBe(0);
    expect(stdout).toContain("2 good rows of 2 tenants");
    expect(sandbox.usage()).toEqual([]);
  });

  test("one id with two contents: the second is refused, and its line named", async () => {
    await using folder = await TempFolder.create();
    await using sandbox = await createSandbox({ tenants });
    const text = [`${HEADER},event_id`, `${row("a", 1)},x`, `${row("a", 2)},x`, `${row("a", 1)},x`].join(
      "\n",
    );
    const file = await folder.file("usage.csv", text);
    const { exit, stdout } = await meter(["import", file, "--base-url", sandbox.url]);
    expect(stdout).toContain(`${file}:3: event_id: "x" was recorded before`);
    expect(exit).toBe(3);
    expect(sandbox.usage()).toMatchObject([{ total_usage: 1, events: 1 }]);
  });

  test("a file that is not UTF-8 is refused", async () => {
    await using folder = await TempFolder.create();
    const file = await folder.file("usage.csv", "");
    const { writeFile } = await import("node:fs/promises");
    await writeFile(file, Buffer.concat([Buffer.from(`${HEADER}\n`), Buffer.from([0xff, 0xfe, 0x41])]));
    const { exit, stderr } = await meter(["import", file, "--base-url", "http://127.0.0.1:1"]);
    expect(exit).toBe(3);
    expect(stderr).toContain("expected UTF-8");
  });

  test("Ctrl-C keeps what is recorded; the same command goes on", async () => {
    await using folder = await TempFolder.create();
    await using sandbox = await createSandbox({ tenants });
    const text = [HEADER, ...Array.from({ length: 3_000 }, (_, index) => row("a", index))].join("\n");
    const file = await folder.file("usage.csv", text);
    // A backend that takes one request and then is silent: the import waits, with everything recorded.
    const silent = createServer(() => void silent.emit("asked")).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const address = silent.address();
    const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    const lookup = [
      "--lookup-url",
      sandbox.url,
      "--lookup-route",
      "internal",
      "--dialect",
      "kafka-rest",
      "--dedup",
      "1h",
    ];
    const first = startMeter(["import", file, "--base-url", url, ...lookup]);
    await once(silent, "asked");
    first.child.kill("SIGINT");
    const { exit, stdout } = await first.ended;
    silent.closeAllConnections();
    silent.close();
    expect(exit).toBe(130);
    expect(stdout).toContain("Not finished, stopped by Ctrl-C");
    expect(stdout).toContain("The same command goes on where it stopped; nothing is counted twice.");
    const second = await meter(["import", file, "--base-url", sandbox.url, ...lookup, "--json"]);
    expect(second.exit).toBe(0);
    expect(sums(second.stdout).acknowledged).toBe(3_000);
    expect(sandbox.usage()).toMatchObject([{ events: 3_000, total_usage: (3_000 * 2_999) / 2 }]);
  });

  test("a backend that refuses everybody ends the import; all is kept", async () => {
    await using folder = await TempFolder.create();
    await using sandbox = await createSandbox({ tenants });
    const file = await folder.file("usage.csv", [HEADER, row("a", 1)].join("\n"));
    const closed = createServer((_, response) => response.writeHead(401).end()).listen(0, "127.0.0.1");
    await once(closed, "listening");
    const address = closed.address();
    const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    const { exit, stdout } = await meter(["import", file, "--base-url", url, "--lookup-url", sandbox.url]);
    closed.close();
    expect(exit).toBe(5);
    expect(stdout).toContain("1 events wait in the outbox");
  });
});

test("killed in the middle and run again, a file is counted to the unit", { timeout: 600_000 }, async () => {
  const { spawn } = await import("node:child_process");
  const script = join(import.meta.dirname, "../testing/import-million.ts");
  const child = spawn(process.execPath, ["--conditions=source", script, "--rows", "20000"]);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk));
  await once(child, "close");
  expect(text).toContain("exact: 20,000 events");
  expect(text).toContain("a third time");
  expect(child.exitCode).toBe(0);
});
