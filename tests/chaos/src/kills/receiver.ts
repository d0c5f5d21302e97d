import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { type Fault, faultBackend } from "@meter-lib/testing/fault-backend";
import { seeded } from "../../../../packages/core/test/seeded.ts";
import { startChild } from "./child.ts";
import type { Arrival } from "./oracle.ts";
import { customersOf } from "./tenants.ts";

export type Dialect = "events" | "kafka-rest";

/** What the writer sends to. */
export interface Receiver {
  readonly url: string;
  readonly dedup: boolean;
  /** Ids counted so far. */
  counted(): ReadonlySet<string>;
  /** From now on it fails no more. */
  calm(): void;
  /** Stops it and reads its raw log. */
  finish(): Promise<readonly Arrival[]>;
}

/** One request in five fails, in one of the ways that a network and a busy server have. */
const randomFault = (random: () => number, calm: boolean): Fault | undefined => {
  const roll = random();
  if (calm || roll > 0.2) return undefined;
  if (roll < 0.06) return { kind: "reset", when: "after_commit" };
  if (roll < 0.08) return { kind: "reset", when: "on_arrival" };
  if (roll < 0.14) return { kind: "answer", status: 503, headers: { "retry-after": "0" } };
  if (roll < 0.16) return { kind: "answer", status: 500, counts: true };
  return { kind: "delay", ms: 40 };
};

const UNSURE = (fault: Fault | undefined): boolean =>
  fault?.kind === "reset" || (fault?.kind === "answer" && fault.status === 500);

/** Counts every arrival, and so would count a repeat twice. */
export const plainReceiver = async (seed: number): Promise<Receiver> => {
  const backend = await faultBackend({ dedup: false });
  const random = seeded(seed);
  let calm = false;
  backend.always(() => randomFault(random, calm));
  return {
    url: backend.url,
    dedup: false,
    counted: () => new Set(backend.counted.map(({ event_id = "" }) => event_id)),
    calm: () => {
      calm = true;
    },
    finish: async () => {
      await backend.close();
      return backend.requests.flatMap(({ events, fault }) =>
        events.map(({ event_id = "", tenant_id = "", total_usage = 0, bytes, counted }) => ({
          id: event_id,
          tenant: tenant_id,
          usage: total_usage,
          bytes,
          counted,
          unsure: UNSURE(fault),
        })),
      );
    },
  };
};

const SANDBOX = fileURLToPath(new URL("../../../../packages/sandbox/src/serve.ts", import.meta.url));

/** The sandbox in a process of its own, behind a network that fails. */
export const sandboxReceiver = async (folder: string, seed: number): Promise<Receiver> => {
  const file = join(folder, "sandbox.db");
  const tenants = Object.entries(customersOf(true)).flatMap(([tenant, customer]) => [
    "--tenant",
    `${tenant}=${customer}`,
  ]);
  const sandbox = startChild(SANDBOX, ["--port", "0", "--file", file, ...tenants]);
  const target = await sandbox.nextLine();
  if (target === undefined) throw new Error(`the sandbox did not start: ${sandbox.errors()}`);
  const counted = new Set<string>();
  const random = seeded(seed);
  let calm = false;
  const proxy = await startProxy(target, () => randomFault(random, calm), counted);
  return {
    url: proxy.url,
    dedup: true,
    counted: () => counted,
    calm: () => {
      calm = true;
    },
    finish: async () => {
      await proxy.close();
      sandbox.signal("SIGTERM");
      await sandbox.ended;
      return readSandboxFile(file);
    },
  };
};

const startProxy = async (target: string, faultOf: () => Fault | undefined, counted: Set<string>) => {
  const server = createServer((incoming, response) => {
    forward(target, incoming, response, faultOf(), counted).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

const forward = async (
  target: string,
  incoming: IncomingMessage,
  response: ServerResponse,
  fault: Fault | undefined,
  counted: Set<string>,
): Promise<void> => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  if (fault?.kind === "answer" && fault.counts !== true) {
    response.writeHead(fault.status, { ...fault.headers });
    response.end();
    return;
  }
  if (fault?.kind === "reset" && fault.when === "on_arrival") {
    response.socket?.resetAndDestroy();
    return;
  }
  const body = Buffer.concat(chunks);
  const upstream = httpRequest(`${target}${incoming.url}`, {
    method: incoming.method,
    headers: incoming.headers,
  });
  upstream.end(body);
  const [answer]: IncomingMessage[] = await once(upstream, "response");
  if (answer === undefined) throw new Error("no answer");
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(Buffer.from(part));
  if (answer.statusCode === 200) for (const id of idsOf(incoming, body.toString("utf8"))) counted.add(id);
  if (fault?.kind === "reset") {
    response.socket?.resetAndDestroy();
    return;
  }
  if (fault?.kind === "delay") await new Promise((resolve) => setTimeout(resolve, fault.ms));
  if (response.destroyed) return;
  response.writeHead(fault?.kind === "answer" ? fault.status : (answer.statusCode ?? 500), {
    "content-type": answer.headers["content-type"] ?? "text/plain",
  });
  response.end(Buffer.concat(parts));
};

const idsOf = (incoming: IncomingMessage, body: string): readonly string[] => {
  const key = incoming.headers["idempotency-key"];
  if (typeof key === "string") return [key];
  return [...body.matchAll(/"meter\.event_id":"([^"]+)"/g)].map((match) => match[1] ?? "");
};

const HEADERS_OF_AN_EVENT = [
  "x-tenant-id",
  "x-device-id",
  "idempotency-key",
  "x-event-time",
  "x-producer",
  "x-seq",
];

/** The sandbox's raw log, out of its file: each request as it came, and which of its events count. */
const readSandboxFile = (file: string): readonly Arrival[] => {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const requests = new Map(
      db
        .prepare("SELECT id, headers, body FROM requests")
        .all()
        .map((row) => [Number(row.id), { headers: String(row.headers), body: String(row.body) }] as const),
    );
    return db
      .prepare(
        `SELECT request, position, counts, event_id, total_usage, names.name AS tenant
         FROM events JOIN names ON names.id = events.tenant`,
      )
      .all()
      .map((row) => {
        const request = requests.get(Number(row.request));
        return {
          id: String(row.event_id),
          tenant: String(row.tenant),
          usage: Number(row.total_usage),
          bytes: request === undefined ? "" : bytesOf(request, Number(row.position)),
          counted: row.counts === 1,
        };
      });
  } finally {
    db.close();
  }
};

const bytesOf = ({ headers, body }: { headers: string; body: string }, position: number): string => {
  const parsed: { records?: readonly unknown[] } = JSON.parse(body);
  if (parsed.records !== undefined) return JSON.stringify(parsed.records[position]);
  const sent: Record<string, string> = JSON.parse(headers);
  return [...HEADERS_OF_AN_EVENT.map((name) => `${name}: ${sent[name]}`), body].join("\n");
};
