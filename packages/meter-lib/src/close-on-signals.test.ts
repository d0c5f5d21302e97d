import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { closeOnSignals } from "./node.ts";

const MODULE = new URL("./node.ts", import.meta.url).href;

/** Runs a program that says "ready", sends it signals one by one as it says a line, and answers what it said and how it ended. */
const runWithSignals = async (
  program: string,
  signals: readonly NodeJS.Signals[],
  within: readonly string[] = [],
) => {
  const [command = process.execPath, ...before] = [...within, process.execPath];
  const child = spawn(
    command,
    [
      ...before,
      "--conditions=source",
      "--input-type=module",
      "--eval",
      `import { closeOnSignals } from ${JSON.stringify(MODULE)};\n${program}`,
    ],
    // A program that does not end by itself is a failure, not a test that hangs.
    { stdio: ["ignore", "pipe", "inherit"], timeout: 120_000, killSignal: "SIGKILL" },
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

test("before: what still records ends first, then the clients are closed", async () => {
  const program = `${CLIENT}
    const before = async () => {
      console.log("before");
      await new Promise((resolve) => setImmediate(resolve));
      console.log("ended");
    };
    closeOnSignals(client, { before });
    console.log("ready");`;

  expect(await runWithSignals(program, ["SIGTERM"])).toEqual({
    lines: ["ready", "before", "ended", "closing {}", "closed"],
    code: null,
    signal: "SIGTERM",
  });
});

test("a request in flight is answered, and what it used is taken, before the client is closed", async () => {
  const program = `
    import { once } from "node:events";
    import { createServer } from "node:http";
    let isClosed = false;
    const client = { close: async () => { isClosed = true; console.log("closed"); } };
    const signalled = Promise.withResolvers();
    const server = createServer(async (_, response) => {
      console.log("in flight");
      await signalled.promise;
      console.log(isClosed ? "refused" : "recorded");
      response.setHeader("connection", "close").end("done");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const before = () => {
      const closed = server[Symbol.asyncDispose]();
      signalled.resolve();
      return closed;
    };
    closeOnSignals(client, { before });
    void fetch("http://127.0.0.1:" + server.address().port);`;

  expect(await runWithSignals(program, ["SIGTERM"])).toMatchObject({
    lines: ["in flight", "recorded", "closed"],
    signal: "SIGTERM",
  });
});

test.each([
  ["throws", `() => { throw new Error("broken"); }`, "broken"],
  ["rejects", `async () => { throw new Error("broken"); }`, "broken"],
  ["never ends", `() => new Promise(() => {})`, "no end within 5 ms"],
])("a before that %s does not keep the clients from being closed, and is told", async (_, before, told) => {
  const program = `${CLIENT}
    console.error = (what, error) => console.log(what, error.message);
    closeOnSignals(client, { before: ${before}, beforeTimeoutMs: 5 });
    console.log("ready");`;

  const { lines, signal } = await runWithSignals(program, ["SIGTERM"]);
  expect(lines).toEqual([
    "ready",
    expect.stringMatching(new RegExp(`^meter-lib: .before. of closeOnSignals.* ${told}$`)),
    "closing {}",
    "closed",
  ]);
  expect(signal).toBe("SIGTERM");
});

test("another listener of the signal does not keep the process alive with a closed client", async () => {
  const program = `${CLIENT}
    process.on("SIGTERM", () => console.log("heard"));
    closeOnSignals(client);
    console.log("ready");`;

  expect(await runWithSignals(program, ["SIGTERM"])).toEqual({
    lines: ["ready", "heard", "closing {}", "closed"],
    code: 128 + 15,
    signal: null,
  });
});

const NAMESPACE = ["--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"];
const canBeFirst = spawnSync("unshare", [...NAMESPACE, "true"]).status === 0;

test.skipIf(!canBeFirst)(
  "process 1, which the kernel shields from its signals, ends with 128 + n",
  async () => {
    // Nobody here knows its pid outside of the namespace, so the program sends the signal.
    const program = `${CLIENT} closeOnSignals(client); console.log(process.pid); process.kill(1, "SIGTERM");`;

    expect(await runWithSignals(program, [], ["unshare", ...NAMESPACE])).toEqual({
      lines: ["1", "closing {}", "closed"],
      code: 128 + 15,
      signal: null,
    });
  },
);

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

test.each<[given: readonly unknown[], words: string]>([
  [[{}], "clients: expected a client, or a list of clients, got an object"],
  [[[{ close: async () => {} }, "client"]], "clients: expected a client, or a list of clients, got an array"],
  [[[], { timeout: 5 }], "timeout: expected no option of this name, got a value"],
  [[[], { timeoutMs: Number.NaN }], "timeoutMs: expected a number ≥ 0, got NaN"],
  [
    [[], { before: 5, beforeTimeoutMs: "5" }],
    'before: expected a function, got 5; beforeTimeoutMs: expected a number ≥ 0, got "5"',
  ],
])("%j is refused at once, not at the signal", (given, words) => {
  expect(() => Reflect.apply(closeOnSignals, undefined, given)).toThrow(
    expect.objectContaining({ code: "invalid_options", message: words }),
  );
});
