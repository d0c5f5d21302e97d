import { createServer } from "node:http";
import { staticCustomers } from "@meter-lib/lookup-http";
import { createRelay, memoryDedup, tenantTokens } from "@meter-lib/relay";
import { nodeRelayHandler } from "@meter-lib/relay/node";
import { createSandbox, type Sandbox } from "@meter-lib/sandbox";
import { fetchTransport } from "@meter-lib/transport-fetch";

export interface PageBackend extends AsyncDisposable {
  readonly url: string;
  readonly sandbox: Sandbox;
}

/** A site with a relay at `/meter`, a token at `/token?tenant=…&subject=…` and a script at `/meter.js`, in front of a sandbox. */
export const pageBackend = async (script: string): Promise<PageBackend> => {
  const tenants = { tenant_a: "cust_a", tenant_b: "cust_b" };
  const sandbox = await createSandbox({ tenants });
  const tokens = tenantTokens({ secret: "a secret of thirty-two characters and more" });
  let url = "";
  const relay = nodeRelayHandler(
    createRelay({
      authenticate: tokens.authenticate,
      origins: (origin) => origin === url,
      dedup: memoryDedup(),
      transport: fetchTransport({ baseUrl: sandbox.url, dedup: { windowMs: 86_400_000 } }),
      customerLookup: staticCustomers(tenants),
    }),
  );
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const answer = (type: string, text: string) =>
      response.writeHead(200, { "content-type": `${type};charset=utf-8` }).end(text);
    if (pathname === "/meter") await relay(request, response);
    else if (pathname === "/token") {
      const tenant_id = searchParams.get("tenant") ?? "";
      const subject = searchParams.get("subject") ?? undefined;
      answer("text/plain", await tokens.issue({ tenant_id, device_id: "web-1", subject }));
    } else if (pathname === "/meter.js") answer("text/javascript", script);
    else
      answer(
        "text/html",
        `<!doctype html><title>Page</title><link rel="icon" href="data:," />
         <script type="module">
           import * as browser from "/meter.js";
           window.browser = browser;
           window.meterFor = (tenant_id) => browser.createBrowserMeter({
             relayUrl: "/meter",
             tenant_id,
             token: async () => (await fetch("/token?tenant=" + tenant_id)).text(),
             delivery: { lingerMs: 50, retryCapMs: 200 },
           });
         </script>`,
      );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  url = `http://127.0.0.1:${address.port}`;
  return {
    url,
    sandbox,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await sandbox.close();
    },
  };
};
