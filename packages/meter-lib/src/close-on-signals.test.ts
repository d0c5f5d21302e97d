import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";

const MODULE = new URL("./node.ts", import.meta.url).href;

/** Runs a program that says "ready", sends it signals one by one as it says a line, and answers what it said and how it ended. */
const runWithSignals = async (program: string, signals: readonly NodeJS.Signals[]) => {
  const child = spawn(
    process.execPath,
    [
      "--conditions=source",
      "--input-type=module",
      "--eval",
      `import { closeOnSignals } from ${JSON.stringify(MODULE)};\n${program}`,
    ],
    // A program that does not end by itself is a failure, not a test that hangs.
    { stdio: ["ignore", "pipe", "inherit"], timeout: 20_000, killSignal: "SIGKILL" },
  );
  const ended = once(child, "close");
  const lines: string[] = [];
  const left = [...signals];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    const signal = left.shift();
    if (signal !== undefined) child.kill(signal);
  }
  const [code, signal] = await ended;
  return { lines, code, signal };
};

const CLIENT = `
  const client = {
    close: async (options) => {
      console.log("closing", JSON.stringify(options));
      await new Promise((resolve) => setImmediate(resolve));
      console.log("closed");
    },
  };
  setInterval(() => {}, 1_000);
`;

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s: closes the client, then dies of the signal",
  async (signal) => {
    const run = await runWithSignals(`${CLIENT} closeOnSignals(client); console.log("ready");`, [signal]);

    expect(run).toEqual({ lines: ["ready", "closing {}", "closed"], code: null, signal });
  },
);

test("all clients are closed before the process ends, also when one cannot be", async () => {
  const program = `${CLIENT}
    closeOnSignals([{ close: () => { throw new Error("broken"); } }, client], { timeoutMs: 500 });
    console.log("ready");`;

  const run = await runWithSignals(program, ["SIGTERM"]);

  expect(run).toEqual({
    lines: ["ready", 'closing {"timeoutMs":500}', "closed"],
    code: null,
    signal: "SIGTERM",
  });
});

test("a second signal does not wait", async () => {
  const program = `
    closeOnSignals({ close: () => { console.log("closing"); return new Promise(() => {}); } });
    setInterval(() => {}, 1_000);
    console.log("ready");`;

  expect(await runWithSignals(program, ["SIGTERM", "SIGINT"])).toEqual({
    lines: ["ready", "closing"],
    code: null,
    signal: "SIGINT",
  });
});

test("what it answers removes the hooks", async () => {
  const program = `${CLIENT} closeOnSignals(client)(); console.log("ready");`;

  expect(await runWithSignals(program, ["SIGTERM"])).toEqual({
    lines: ["ready"],
    code: null,
    signal: "SIGTERM",
  });
});

test("only the signals that were named are hooked", async () => {
  const program = `${CLIENT} closeOnSignals(client, { signals: ["SIGUSR2"] }); console.log("ready");`;

  expect(await runWithSignals(program, ["SIGUSR2"])).toMatchObject({
    lines: ["ready", "closing {}", "closed"],
  });
  expect(await runWithSignals(program, ["SIGTERM"])).toMatchObject({ lines: ["ready"], signal: "SIGTERM" });
});
