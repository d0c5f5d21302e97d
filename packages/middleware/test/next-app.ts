// Next.js looks for it when its modules are loaded.
import "next/dist/server/node-environment-baseline.js";
import { createRequire } from "node:module";
import type { NextRequest } from "next/server.js";
import type { Method } from "./request-metering-suite.ts";

const require = createRequire(import.meta.url);
const { AppRouteRouteModule } = require("next/dist/server/route-modules/app-route/module.js");
const { NextRequest: RequestOfNext } = require("next/server.js");

export type RouteHandler = (request: NextRequest, context: unknown) => Promise<Response>;

export interface NextAnswer {
  readonly response: Response;
  /** What the platform is asked to wait for. */
  readonly kept: readonly Promise<unknown>[];
}

/**
 * Runs route handlers in Next.js's own module for them, within the request scope that `after()` needs; without a build, a port or a
 * child process.
 */
export const nextRoute = (handler: RouteHandler) => {
  const module = new AppRouteRouteModule({
    definition: {
      kind: "APP_ROUTE",
      page: "/scan/route",
      pathname: "/scan",
      filename: "route",
      bundlePath: "",
    },
    userland: () => ({ GET: handler, POST: handler }),
    distDir: ".next",
    relativeProjectDir: "",
    resolvedPagePath: "route.ts",
    nextConfigOutput: undefined,
  });
  return async (
    path: string,
    headers: Readonly<Record<string, string>>,
    method: Method = "POST",
  ): Promise<NextAnswer> => {
    const kept: Promise<unknown>[] = [];
    let close = () => {};
    const response: Response = await module.handle(
      new RequestOfNext(`http://localhost${path}`, { method, headers }),
      {
        params: {},
        previewProps: {},
        renderOpts: {
          experimental: {},
          waitUntil: (work: Promise<unknown>) => kept.push(work),
          onClose: (callback: () => void) => {
            close = callback;
          },
        },
        sharedContext: { buildId: "test", deploymentId: "" },
      },
    );
    await response.text();
    close();
    return { response, kept };
  };
};
