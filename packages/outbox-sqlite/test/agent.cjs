// Preloaded into every thread of a process, as agents are: speaks on the port of a thread that is not its own, and may end it.
const { isMainThread, parentPort } = require("node:worker_threads");

if (!isMainThread) {
  for (const message of [
    "agent ready",
    null,
    1,
    { agent: "ready" },
    { id: 1, output: "mine" },
    { id: 1, failure: {} },
  ])
    parentPort.postMessage(message);
  const flag = process.env.END_THREAD_WHEN;
  if (flag) {
    const timer = setInterval(() => {
      if (!require("node:fs").existsSync(flag)) return;
      require("node:fs").rmSync(flag);
      clearInterval(timer);
      process.exit(3);
    }, 5);
  }
}
