import { serve } from "@hono/node-server";
import { createRelay, memoryDedup, tenantTokens } from "@meter-lib/relay";
import { createSandbox, type Sandbox } from "@meter-lib/sandbox";
import { Hono } from "hono";
import { fetchTransport, staticCustomers } from "meter-lib";
import { answerQuestion } from "./answer-question.ts";
import { buildPage } from "./build-page.ts";

export interface ChatServer extends AsyncDisposable {
  readonly url: string;
  /** The backend that bills. */
  readonly sandbox: Sandbox;
}

const TENANTS = { tenant_123: "cust_001" };
const DAY_MS = 86_400_000;

/** The page, its relay and its backend in one process, on 127.0.0.1. */
export const startChatServer = async (port: number): Promise<ChatServer> => {
  const page = await buildPage();
  const sandbox = await createSandbox({ tenants: TENANTS });
  const tokens = tenantTokens({ secret: crypto.randomUUID() + crypto.randomUUID() });
  const relay = createRelay({
    authenticate: tokens.authenticate,
    origins: (origin) => /^http:\/\/(127\.0\.0\.1|localhost):\d+$/.test(origin),
    policy: { meters: ["chat.on.time_hours", "chat.query.time_secs"] },
    dedup: memoryDedup(),
    transport: fetchTransport({ baseUrl: sandbox.url, dedup: { windowMs: DAY_MS } }),
    customerLookup: staticCustomers(TENANTS),
    onError: (error) => console.error(error),
  });

  const app = new Hono();
  app.all("/meter", (context) => relay(context.req.raw));
  // A real service asks here who is signed in.
  app.get("/api/token", async (context) =>
    context.text(await tokens.issue({ tenant_id: "tenant_123", device_id: "web", subject: "user_7" })),
  );
  app.post("/api/chat", async (context) => context.text(await answerQuestion(await context.req.text())));
  app.get("/api/usage", (context) => context.json(chatUsage(sandbox)));
  app.get("*", (context) => {
    const file = page.get(context.req.path);
    if (file === undefined) return context.notFound();
    const content = typeof file.content === "string" ? file.content : file.content.slice();
    return context.body(content, 200, { "content-type": file.type });
  });

  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, (address) => resolve(address.port));
  server.on("error", reject);
  return {
    url: `http://127.0.0.1:${await promise.catch(closeAndThrow(sandbox))}`,
    sandbox,
    [Symbol.asyncDispose]: async () => {
      if ("closeAllConnections" in server) server.closeAllConnections();
      server.close();
      await sandbox.close();
    },
  };
};

const closeAndThrow = (sandbox: Sandbox) => async (error: unknown) => {
  await sandbox.close();
  throw error;
};

const chatUsage = (sandbox: Sandbox) => {
  const [on] = sandbox.usage({ meter_id: "chat.on.time_hours" });
  const [query] = sandbox.usage({ meter_id: "chat.query.time_secs" });
  return {
    onMs: on?.duration_ms ?? 0,
    // Two boundaries each.
    sessions: Math.ceil((on?.events ?? 0) / 2),
    questions: query?.events ?? 0,
    answerMs: query?.duration_ms ?? 0,
  };
};
