import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono, type MiddlewareHandler } from "hono";
import type { SandboxEnv } from "./sandbox-context.ts";

// Resolved by the package's name, so that sources and built package use the same folder.
const FOLDER = join(
  dirname(createRequire(import.meta.url).resolve("@meter-lib/sandbox/package.json")),
  "dashboard/dist",
);

const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>meter-lib sandbox</title>
<h1>The sandbox is running</h1>
<p>Its dashboard is not built yet. Run this in the repository, then reload:</p>
<pre>pnpm --filter @meter-lib/sandbox dashboard</pre>
<p>Usage as JSON: <a href="/sandbox/v1/usage">/sandbox/v1/usage</a></p>
</html>
`;

/** Allows scripts, styles and requests of this server only: nothing inline, nothing framed. */
const HEADERS = {
  "content-security-policy":
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache",
};

/** Serves the dashboard that Vite built at `/`; until it is built, a page that explains how to build it. */
export const dashboardRoutes = (folder: string = FOLDER): Hono<SandboxEnv> => {
  const app = new Hono<SandboxEnv>();
  let files: MiddlewareHandler<SandboxEnv> | undefined;

  const serve: MiddlewareHandler<SandboxEnv> = async (c, next) => {
    for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
    // Checked at each request until it exists, so that a reload after the build shows it.
    if (files === undefined && existsSync(join(folder, "index.html"))) {
      files = serveStatic<SandboxEnv>({ root: folder });
    }
    if (files !== undefined) return files(c, next);
    return c.req.path === "/" ? c.html(NOT_BUILT) : next();
  };
  for (const path of ["/", "/assets/*", "/icon.svg"]) app.get(path, serve);
  return app;
};
