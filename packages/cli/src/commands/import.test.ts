import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { litewaveCatalog } from "@meter-lib/core";
import { createSandbox } from "@meter-lib/sandbox";
import { describe, expect, test } from "vitest";
import { startMeter } from "../testing/meter-process.ts";
import { runHere } from "../testing/run-here.ts";
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
    const first = await runHere(args);
    expect(first).toMatchObject({ exit: 0, stderr: "" });
    expect(sums(first.stdout)).toEqual({ recorded: 4, known: 0, acknowledged: 4 });
    // The third row says what the first one says: another use.
    const usage = () =>
      sandbox.usage().map(({ tenant_id, total_usage, duplicates }) => [tenant_id, total_usage, duplicates]);
    expect(usage()).toEqual([
      ["a", 6, 0],
      ["b", 2, 0],
    ]);
    expect(sums((await runHere(args)).stdout)).toEqual({ recorded: 0, known: 4, acknowledged: 4 });
    // Rows behind, in another order, under another name, through another outbox: the same rows keep their ids.
    const longer = await folder.file(
      "copy.csv",
      [HEADER, row("a", 4), row("a", 1), row("a", 8), row("a", 1), row("b", 2)].join("\n"),
    );
    const again = await runHere(["import", longer, "--base-url", sandbox.url, "--json", "--dedup", "1h"]);
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
    const { exit, stderr, stdout } = await runHere(["import", file, "--map", "total_usage=pages", ...at]);
    expect(stdout).toBe("");
    expect(stderr).toContain("4 of 5 rows with mistakes; nothing was recorded");
    expect(stderr).toContain(
      `${file}:3: "pages" (total_usage): expected an integer from 0 to 2^53 − 1, got 2.5`,
    );
    expect(stderr).toContain(`${file}:5: tenant_id: expected text`);
    expect(stderr).toContain(`${file}:6: expected 6 cells, as in the header, got 3`);
    expect(stderr).toContain(
      `${file}:7: event_time: expected milliseconds since the epoch, or a time with a zone`,
    );
    expect(exit).toBe(3);
    expect(sandbox.usage()).toEqual([]);
  });

  test("a header that cannot be right is refused at once", async () => {
    await using folder = await TempFolder.create();
    const file = await folder.file("usage.csv", `${HEADER},colour\n${row("a", 1)},red`);
    const at = ["--base-url", "http://127.0.0.1:1"];
    const other = await runHere(["import", file, ...at]);
    expect(other.exit).toBe(2);
    expect(other.stderr).toContain('only columns that are fields, got "colour"');
    const map = await runHere(["import", file, "--map", "device_id=machine", ...at]);
    expect(map.stderr).toContain('--map: expected device_id from one among the columns "meter_id"');
    const field = await runHere(["import", file, "--map", "usage=total_usage", ...at]);
    expect(field.stderr).toContain("--map: expected one of meter_id");
    const both = await runHere(["import", file, "--map", "device_id=x", "--set", "device_id=y", ...at]);
    expect(both.stderr).toContain("--set: expected device_id in either --map or --set, got it in both");
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
    const strict = await runHere(["import", file, ...set, ...at]);
    expect(strict.stderr).toContain(`${file}:2: "spam": expected one of meter_id`);
    const { exit } = await runHere(["import", file, ...set, ...at, "--ignore-other-columns"]);
    expect(exit).toBe(0);
    expect(sandbox.usage()).toMatchObject([{ duration_ms: 60_000 }, { total_usage: 7 }]);
  });

  test("all that is wrong with a row is told at once", async () => {
    await using folder = await TempFolder.create();
    const text = `${HEADER},start_time\npage.processed.basik,,d,two,2026-06-31T10:00:00Z,\n${row("", 2.5)},1790000000`;
    const file = await folder.file("usage.csv", text);
    const { stderr } = await runHere(["import", file, "--base-url", "http://127.0.0.1:1"]);
    expect(stderr.split("\n").slice(1, 3)).toEqual([
      `${file}:2: ${[
        "tenant_id: expected text (a column, --map tenant_id=column, or --set tenant_id=…), got nothing",
        'total_usage: expected an integer from 0 to 2^53 − 1, got "two"',
        'event_time: expected an existing day and time of day, got "2026-06-31T10:00:00Z"',
        `meter_id: expected one of the catalog's ${Object.keys(litewaveCatalog).length} meters (perhaps "page.processed.basic"), got "page.processed.basik"`,
      ].join("; ")}`,
      expect.stringMatching(
        /:3: tenant_id: .*; total_usage: .*got 2\.5; start_time: expected no value: a .*, got "1790000000" \(/,
      ),
    ]);
  });

  test("columns that nobody needs are passed over, by name or all", async () => {
    await using folder = await TempFolder.create();
    await using sandbox = await createSandbox({ tenants });
    const text = `start_time,tenant_id,note,note,,${HEADER.replace("tenant_id,", "")}\n1790000000,a,x,y,,page.processed.basic,d,5,2026-11-01T10:00:00Z`;
    const file = await folder.file("usage.csv", text);
    const run = (...flags: readonly string[]) =>
      runHere(["import", file, "--base-url", sandbox.url, ...flags]);
    const strict = await run();
    expect(strict.exit).toBe(2);
    expect(strict.stderr).toContain(`${file}: expected only columns that are fields, got "note", "note", ""`);
    const field = await run("--ignore-other-columns");
    expect(field.stderr).toContain("--ignore start_time");
    const typo = await run("--ignore-other-columns", "--ignore", "starttime");
    expect(typo.stderr).toContain('--ignore: expected one among the columns "start_time", "tenant_id"');
    const twice = await run("--ignore-other-columns", "--map", "metadata.note=note");
    expect(twice.stderr).toContain(`${file}: expected column "note" once, got it twice`);
    expect(await run("--ignore-other-columns", "--ignore", "start_time")).toMatchObject({ exit: 0 });
    expect(sandbox.usage()).toMatchObject([{ total_usage: 5, events: 1 }]);
  });

  test("another delimiter than the file's is noticed", async () => {
    await using folder = await TempFolder.create();
    const file = await folder.file("usage.csv", HEADER.replaceAll(",", ";"));
    const { exit, stderr } = await runHere(["import", file, "--base-url", "http://127.0.0.1:1"]);
    expect(exit).toBe(2);
    expect(stderr).toContain(`--delimiter: expected the delimiter of ${file}, got ","; it looks like ";"`);
  });

  test("an empty file is refused; one without rows acknowledges nothing", async () => {
    await using folder = await TempFolder.create();
    await using sandbox = await createSandbox({ tenants });
    for (const name of ["empty.csv", "empty.ndjson"]) {
      const file = await folder.file(name, "");
      const { exit, stderr } = await runHere(["import", file, "--base-url", sandbox.url]);
      expect(stderr).toContain(`${file}: expected rows, found an empty file`);
      expect(exit).toBe(3);
    }
    const header = await folder.file("header.csv", HEADER);
    const { stdout } = await runHere(["import", header, "--base-url", sandbox.url]);
    expect(stdout).toContain("The file has no rows; nothing was recorded.");
    expect(stdout).not.toContain("acknowledged by the backend");
  });

  const NESTED = ["--set", "device_id=export", "--ignore-other-columns"];
  test.each([
    [
      "CloudEvents",
      {
        ...{ specversion: "1.0", id: "e-1", type: "page.processed.basic", subject: 42 },
        ...{ time: "2026-11-01T09:30:00Z", data: { total_usage: 24 } },
      },
      "tenant_id=subject meter_id=type event_id=id event_time=time total_usage=data.total_usage",
    ],
    [
      "Orb",
      {
        ...{ event_name: "page.processed.basic", external_customer_id: "42", idempotency_key: "e-1" },
        ...{ timestamp: "2026-11-01T09:30:00+00:00", properties: { pages: 24, region: "eu" } },
      },
      "tenant_id=external_customer_id meter_id=event_name event_id=idempotency_key event_time=timestamp total_usage=properties.pages",
    ],
    [
      "Lago",
      {
        ...{ transaction_id: "e-1", external_subscription_id: "42", code: "page.processed.basic" },
        ...{ timestamp: "1793525400", properties: { pages: "24" } },
      },
      "tenant_id=external_subscription_id meter_id=code event_id=transaction_id event_time=timestamp total_usage=properties.pages --time-unit=s",
    ],
  ])("NDJSON as %s has it", async (_, line, mapped) => {
    await using folder = await TempFolder.create();
    await using sandbox = await createSandbox({ tenants: { 42: "cust_42" } });
    const file = await folder.file("events.ndjson", JSON.stringify(line));
    const maps = mapped.split(" ").flatMap((map) => (map.startsWith("--") ? [map] : ["--map", map]));
    const args = ["import", file, "--base-url", sandbox.url, ...NESTED, ...maps];
    expect(await runHere(args)).toMatchObject({ exit: 0 });
    expect(sandbox.usage()).toMatchObject([{ tenant_id: "42", total_usage: 24, events: 1 }]);
  });

  test("in NDJSON nothing of an object is passed over unasked, and every mapped path must be in a row", async () => {
    await using folder = await TempFolder.create();
    const json = '{"tenant_id":12345678901234567890,"data":{"total_usage":1,"unit":"page"}}';
    const file = await folder.file("events.ndjson", json);
    const set = ["meter_id=page.processed.basic", "device_id=d", "event_time=1790000000000"].flatMap(
      (one) => ["--set", one],
    );
    const args = ["import", file, "--base-url", "http://127.0.0.1:1", ...set, "--map"];
    const strict = await runHere([...args, "total_usage=data.total_usage"]);
    expect(strict.stderr).toContain(`${file}:1: "data.unit": expected one of meter_id`);
    expect(strict.stderr).toContain("tenant_id: expected text, or a safe integer, got 1234567");
    const typo = await runHere([...args, "total_usage=data.totalusage", "--ignore-other-columns"]);
    expect(typo.stderr).toContain(
      '--map: expected total_usage from a column that at least one row has, got "data.totalusage"',
    );
  });

  test("an unknown tenant is found before anything is recorded", async () => {
    await using folder = await TempFolder.create();
    await using sandbox = await createSandbox({ tenants });
    const file = await folder.file("usage.csv", [HEADER, row("a", 1), row("nobody", 2)].join("\n"));
    const { exit, stderr } = await runHere(["import", file, "--base-url", sandbox.url]);
    expect(exit).toBe(5);
    expect(stderr).toContain(`${file}:3: tenant "nobody" has no customer`);
    expect(sandbox.usage()).toEqual([]);
  });

  test("--dry-run says what it would do, and does nothing", async () => {
    await using folder = await TempFolder.create();
    await using sandbox = await createSandbox({ tenants });
    const file = await folder.file("usage.csv", [HEADER, row("a", 1), row("b", 2)].join("\n"));
    const { exit, stdout } = await runHere(["import", file, "--base-url", sandbox.url, "--dry-run"]);
    expect(exit).toBe(0);
    expect(stdout).toContain("2 good rows of 2 tenants");
    expect(sandbox.usage()).toEqual([]);
    expect(Object.keys(await folder.contents()), "no outbox was created").toEqual(["usage.csv"]);
  });

  test("--dry-run says what the run will say of rows that an outbox has", async () => {
    await using folder = await TempFolder.create();
    await using sandbox = await createSandbox({ tenants });
    const header = `${HEADER},event_id`;
    const first = [header, `${row("a", 1)},x`, `${row("a", 2)},y`, `${row("b", 3)},`];
    const file = await folder.file("usage.csv", first.join("\n"));
    const run = (...flags: readonly string[]) =>
      runHere(["import", file, "--base-url", sandbox.url, "--json", ...flags]);
    expect(await run()).toMatchObject({ exit: 0 });
    const second = [
      ...[header, `${row("a", 1)},x`, `${row("a", 9)},y`, `${row("b", 3)},`, `${row("b", 3)},`],
      ...[`${row("a", 4)},z`, `${row("a", 4)},z`, `${row("b", 1)},x`],
    ];
    await folder.file("usage.csv", second.join("\n"));
    const before = await folder.contents();
    const dry = await run("--dry-run");
    expect(await folder.contents(), "nothing was changed").toEqual(before);
    const real = await run();
    const [{ rows, known, refused, faults, new: recorded }, { recorded: of }] = [dry, real].map(
      ({ stdout }) => JSON.parse(stdout),
    );
    expect({ rows, recorded, known, refused, faults }).toEqual(of);
    expect(of).toMatchObject({ rows: 7, recorded: 3, known: 3, refused: 1 });
    expect(faults).toMatchObject([{ line: 3, message: expect.stringContaining('"y" was recorded before') }]);
    expect([dry.exit, real.exit]).toEqual([3, 3]);
    expect(JSON.parse((await run("--dry-run")).stdout)).toMatchObject({ new: 0, known: 6, refused: 1 });
  });

  test("one id with two contents: found before anything is recorded, and its line named", async () => {
    await using folder = await TempFolder.create();
    await using sandbox = await createSandbox({ tenants });
    const text = [`${HEADER},event_id`, `${row("a", 1)},x`, `${row("a", 2)},x`, `${row("a", 1)},x`].join(
      "\n",
    );
    const file = await folder.file("usage.csv", text);
    for (const dry of [["--dry-run"], []]) {
      const { exit, stderr } = await runHere(["import", file, "--base-url", sandbox.url, ...dry]);
      expect(stderr).toContain(
        `${file}:3: event_id: expected a unique id, got "x", which line 2 has with different content`,
      );
      expect(stderr).toContain("1 of 3 rows with mistakes; nothing was recorded");
      expect(exit).toBe(3);
    }
    expect(sandbox.usage()).toEqual([]);
    // One that an earlier run recorded is known to the outbox alone.
    await folder.file("usage.csv", text.split("\n").slice(0, 2).join("\n"));
    expect(await runHere(["import", file, "--base-url", sandbox.url])).toMatchObject({ exit: 0 });
    await folder.file("usage.csv", text.split("\n").toSpliced(1, 1).slice(0, 2).join("\n"));
    for (const dry of [["--dry-run"], []]) {
      const { exit, stdout } = await runHere(["import", file, "--base-url", sandbox.url, ...dry]);
      expect(stdout).toContain(`${file}:2: event_id: "x" was recorded before`);
      expect(exit).toBe(3);
    }
    expect(sandbox.usage()).toMatchObject([{ total_usage: 1, events: 1 }]);
  });

  test("a file that is not UTF-8 is refused", async () => {
    await using folder = await TempFolder.create();
    const file = await folder.file("usage.csv", "");
    const { writeFile } = await import("node:fs/promises");
    await writeFile(file, Buffer.concat([Buffer.from(`${HEADER}\n`), Buffer.from([0xff, 0xfe, 0x41])]));
    const { exit, stderr } = await runHere(["import", file, "--base-url", "http://127.0.0.1:1"]);
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
    expect(stdout).toContain("Run the same command again to continue; nothing is counted twice.");
    const second = await runHere(["import", file, "--base-url", sandbox.url, ...lookup, "--json"]);
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
    const { exit, stdout } = await runHere(["import", file, "--base-url", url, "--lookup-url", sandbox.url]);
    closed.close();
    expect(exit).toBe(5);
    expect(stdout).toContain("1 event pending in the outbox");
  });
});

test("killed in the middle and run again, a file is counted to the unit", { timeout: 600_000 }, async () => {
  const { spawn } = await import("node:child_process");
  const script = join(import.meta.dirname, "../testing/import-million.ts");
  const child = spawn(process.execPath, ["--conditions=source", script, "--rows", "6000"]);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk));
  await once(child, "close");
  expect(text).toContain("exact: 6,000 events");
  expect(text).toContain("a third time");
  expect(child.exitCode).toBe(0);
});
