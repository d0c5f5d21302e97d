import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { runHere } from "./testing/run-here.ts";
import { TempFolder } from "./testing/temp-folder.ts";

// A window title, an erased line, a green line of one's own: with the sequences of seven bits, of eight, and with line breaks.
const FORGED =
  "\u001b]0;title\u0007\u001b[2K\u001b[1A\u001b[32mfine\u001b[0m\u009b31m\nAccepted by the backend.";
const NOW = Date.now();

/** A backend that answers every request with such texts. */
const hostileBackend = async () => {
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    const answer = (value: unknown) =>
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (pathname.includes("customer-accounts")) return answer([{ id: FORGED }]);
    if (pathname.startsWith("/topics/")) {
      await json(request);
      return answer({ offsets: [{ partition: null, offset: null, error_code: 50002, error: FORGED }] });
    }
    if (pathname.endsWith("/sandbox/v1/events"))
      return answer({ events: Number(searchParams.get("after") ?? 0) < 1 ? [LOGGED] : [] });
    return response.writeHead(422).end(JSON.stringify({ message: FORGED }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

const LOGGED = {
  ...{ id: 1, state: FORGED, late: false, received_at: 1e300, tenant_id: FORGED, meter_id: FORGED },
  ...{ event_id: FORGED, total_usage: 1, start_time: null, end_time: null, reason: FORGED },
};

test("what a backend or a file says can neither command the terminal nor forge a line", async () => {
  await using folder = await TempFolder.create();
  await using backend = await hostileBackend();
  const file = (name: string) => join(folder.path, name);
  const at = ["--base-url", backend.url, "--dialect", "kafka-rest"];
  const event = ["--tenant", "t", "--device", "d", "--meter", "page.processed.basic", "--usage", "1"];
  const named = `"a.b":\n  type: volume\n  name: ${JSON.stringify(FORGED)}\n`;
  await folder.file("a.yaml", named);
  await folder.file("b.yaml", named.replace("volume", "performance").replace("fine", "well"));
  await folder.file("bad.yaml", `${JSON.stringify(FORGED)}: { type: nope }\n`);
  const header = `tenant_id,device_id,meter_id,total_usage,event_time,"${FORGED}"`;
  await folder.file("head.csv", `${header}\nt,d,page,1,${NOW},x\n`);
  await folder.file("row.ndjson", JSON.stringify({ [FORGED]: 1, tenant_id: FORGED, event_time: FORGED }));
  const commands = [
    ["send", ...event, ...at],
    ["send", ...event, ...at, "--record", file("o.db")],
    ["outbox", "list", file("o.db")],
    ["outbox", "list", file("o.db"), "--json"],
    ["outbox", "export", file("o.db"), "--rows"],
    ["doctor", ...at, "--tenant", "t", "--send"],
    ["tail", ...at.slice(0, 2), "--since", "0", "--count", "1"],
    ["tail", ...at.slice(0, 2), "--since", "0", "--count", "1", "--json"],
    ["catalog", "list", file("a.yaml")],
    ["catalog", "diff", file("a.yaml"), file("b.yaml")],
    ["catalog", "check", file("bad.yaml")],
    ["catalog", "generate", file("a.yaml")],
    ["catalog", "generate", file("a.yaml"), "--format", "yaml"],
    ["import", file("head.csv"), ...at],
    ["import", file("row.ndjson"), ...at],
    [FORGED],
  ];
  for (const args of commands) {
    const plain = await runHere(args);
    const text = plain.stdout + plain.stderr;
    expect(text, args.join(" ")).not.toBe("");
    expect(text.replaceAll("\n", ""), args.join(" ")).not.toMatch(/\p{Cc}/u);
    if (args[0] !== FORGED) expect(text, args.join(" ")).not.toMatch(/^Accepted by the backend\.$/m);
    expect(text, args.join(" ")).not.toMatch(/^ +at .*:\d+:\d+\)?$/m);
    // With colours, the only escape sequences are those of ours.
    const coloured = await runHere(args, { coloured: true });
    const shown = stripVTControlCharacters(coloured.stdout + coloured.stderr);
    expect(shown.replaceAll("\n", ""), args.join(" ")).not.toMatch(/\p{Cc}/u);
  }
});
