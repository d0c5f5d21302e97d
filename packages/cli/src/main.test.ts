import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { runMeter } from "./run-meter.ts";
import { meter } from "./testing/meter-process.ts";

const COMMANDS = [
  "send",
  "session",
  "import",
  "doctor",
  "tail",
  "reconcile",
  "outbox",
  "catalog",
  "sandbox",
  "completion",
];
const FLAGS = ["--tenant", "t", "--device", "d", "--meter", "page.processed.basic"];

describe.concurrent("the program", { timeout: 240_000 }, () => {
  test("explains itself: commands, examples, exit codes", async () => {
    const { exit, stdout, stderr } = await meter(["--help"]);
    expect(exit).toBe(0);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} `, "m"));
    expect(stdout).toContain("$ meter send --tenant tenant_123");
    expect(stdout).toMatch(/ 130 {2}stopped by Ctrl-C/);
    expect(stdout).not.toContain("complete ");
    expect(stderr).toBe("");
  });

  test.each([
    ["20.19.5", 2, "error: meter needs Node 22.18 or newer, but this is Node 20.19.5\n"],
    ["22.17.1", 2, "error: meter needs Node 22.18 or newer, but this is Node 22.17.1\n"],
    ["22.18.0", 0, ""],
    ["26.0.0", 0, ""],
  ])("on Node %s ends with %i", (version, exit, told) => {
    const versions = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`;
    const main = fileURLToPath(new URL("main.ts", import.meta.url));
    const { status, stderr } = spawnSync(
      process.execPath,
      [
        "--conditions=source",
        "--import",
        `data:text/javascript,${encodeURIComponent(versions)}`,
        main,
        "--version",
      ],
      { encoding: "utf8" },
    );
    expect({ status, stderr }).toEqual({ status: exit, stderr: told });
  });

  test("every command has examples in its help", async () => {
    const silent = { isTTY: false, columns: 100, coloured: false };
    const helpOf = async (path: readonly string[]): Promise<string> => {
      const parts: string[] = [];
      const stdout = { ...silent, write: async (part: string) => void parts.push(part) };
      const stderr = { ...silent, write: async () => {} };
      const signal = new AbortController().signal;
      expect(await runMeter([...path, "--help"], { stdout, stderr, signal })).toBe(0);
      return parts.join("");
    };
    const visit = async (path: readonly string[]): Promise<void> => {
      const help = await helpOf(path);
      const commands = /^Commands:\n((?: {2}.*\n)+)/m.exec(help)?.[1] ?? "";
      const names = [...commands.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name ?? "");
      for (const name of names.filter((one) => one !== "help")) await visit([...path, name]);
      if (names.length === 0) expect(help, path.join(" ")).toMatch(/^Examples?:\n {2}\S/m);
    };
    for (const name of COMMANDS) await visit([name]);
  });

  test("without a command it explains itself, and that is a mistake", async () => {
    const { exit, stdout, stderr } = await meter([]);
    expect(exit).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("Usage: meter");
  });

  test.each([
    [["snd"], "unknown command 'snd'\n(Did you mean send?)"],
    [["catalog", "list", "--jso"], "unknown option '--jso'\n(Did you mean --json?)"],
    [["send", "--device", "d"], "required option '--tenant <id>' not specified"],
    [["send", ...FLAGS, "--usage", "2.5"], '--usage: expected an integer ≥ 0, got "2.5"'],
    [["send", ...FLAGS, "--time", "2026-11-01"], "or a time with a zone such as 2026-11-01T09:30:00Z"],
    [["send", ...FLAGS, "--metadata", "rule"], '--metadata: expected name=value, got "rule"'],
    [["send", ...FLAGS, "--usage", "1"], "--base-url: expected the backend's URL"],
    [["send", ...FLAGS, "--base-url", "ftp://x"], "--base-url: expected"],
    [["send", ...FLAGS, "--dialect", "soap"], "Allowed choices are events, kafka-rest"],
    [["import", "usage.txt"], "--format: expected csv or ndjson"],
    [["outbox", "redrive", "x.db", "--state", "rejected"], "--all: expected --id, --tenant or --all"],
    [["outbox", "redrive", "x.db", "--state", "quarantined", "--all"], "--may-count-twice"],
    [
      ["outbox", "discard", "x.db", "--state", "rejected", "--all", "--reason", " "],
      "--reason: expected a reason",
    ],
    [["sandbox", "--host", "192.0.2.1"], "--host: expected an address of this machine, got 192.0.2.1"],
    [["sandbox", "--port", "70000"], '--port: expected an integer from 0 to 65535, got "70000"'],
    [["completion", "tcsh"], "Allowed choices are bash, zsh, fish"],
  ])("%j is a mistake that it names", async (args, message) => {
    const { exit, stdout, stderr } = await meter(args);
    expect(stderr).toContain(message);
    expect(stderr).toContain("Try --help.");
    expect(stdout).toBe("");
    expect(exit).toBe(2);
  });

  test("with --json errors are objects", async () => {
    const { exit, stderr } = await meter(["outbox", "list", "nowhere.db", "--json"]);
    expect(exit).toBe(7);
    expect(JSON.parse(stderr)).toEqual({
      error: { exit: 7, code: "cli", message: "nowhere.db: expected an outbox file, found nothing" },
    });
  });

  test.each([["snd"], ["send"], ["outbox", "list"], ["send", "--usage", "2.5"]])(
    "%j, a mistake of the arguments, too",
    async (...args) => {
      const { exit, stdout, stderr } = await meter([...args, "--json"]);
      expect([exit, stdout]).toEqual([2, ""]);
      expect(JSON.parse(stderr)).toEqual({ error: { exit: 2, code: "cli", message: expect.any(String) } });
    },
  );

  test.each([
    [{}, false],
    [{ FORCE_COLOR: "1" }, true],
    [{ FORCE_COLOR: "0" }, false],
    [{ FORCE_COLOR: "1", NO_COLOR: "1" }, true],
    [{ NO_COLOR: "1" }, false],
  ])("colours without a terminal with %j: %s", async (env, coloured) => {
    const { stdout, stderr } = await meter(["outbox", "list", "nowhere.db"], { env });
    expect(stdout).toBe("");
    expect(stderr.includes("\u001b[31m")).toBe(coloured);
  });
});
