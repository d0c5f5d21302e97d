/** What a package's sources may import. Tests may also import the packages of `TEST_PACKAGES`. */
export interface EdgeRule {
  /** Packages of this repository, by folder. */
  readonly imports: readonly string[];
  /**
   * Entries that must work in browsers and on the edge, or all files but tests: neither they nor anything they reach
   * imports a `node:` module, or a package without a portable `index.ts`.
   */
  readonly portable: readonly string[] | "all";
  /** Refuses names that only some runtimes have: what differs by runtime is injected. */
  readonly noRuntimeGlobals?: boolean;
}

/** The one table of edges: adapters know core alone, what stands on top wires them. */
export const EDGE_RULES: Readonly<Record<string, EdgeRule>> = {
  core: { imports: [], portable: "all", noRuntimeGlobals: true },

  "lookup-http": { imports: ["core"], portable: ["index.ts"] },
  "outbox-postgres": { imports: ["core"], portable: [] },
  "outbox-sqlite": { imports: ["core"], portable: [] },
  relay: { imports: ["core"], portable: ["index.ts"] },
  "transport-beacon": { imports: ["core"], portable: ["index.ts"] },
  "transport-fetch": { imports: ["core"], portable: ["index.ts"] },
  "transport-kafka": { imports: ["core"], portable: [] },
  "transport-postgres": { imports: ["core"], portable: [] },

  // Dialects of other backends, for the transport that speaks HTTP.
  backends: {
    imports: ["core", "transport-fetch"],
    portable: ["autumn.ts", "lago.ts", "openmeter.ts", "stripe.ts"],
  },

  middleware: {
    imports: ["core"],
    portable: ["hono.ts", "express.ts", "fastify.ts", "next.ts", "ai-sdk.ts"],
  },
  page: { imports: ["core", "transport-beacon"], portable: "all" },
  react: { imports: ["core"], portable: "all" },
  testing: { imports: ["core"], portable: [] },
  sandbox: { imports: ["core"], portable: [] },
  "meter-lib": {
    imports: [
      "core",
      "lookup-http",
      "outbox-postgres",
      "outbox-sqlite",
      "page",
      "transport-fetch",
      "transport-postgres",
    ],
    portable: ["index.ts", "browser.ts", "opentelemetry.ts"],
  },
  cli: {
    imports: [
      "core",
      "lookup-http",
      "outbox-postgres",
      "outbox-sqlite",
      "sandbox",
      "transport-fetch",
      "transport-postgres",
      "meter-lib",
      "backends",
    ],
    portable: [],
  },

  // What runs behind the topic: not published.
  pipeline: { imports: ["core", "lookup-http", "outbox-sqlite", "trace", "transport-kafka"], portable: [] },
};

/**
 * The folders of core by layer, the lowest first. A file imports from its own folder and from lower layers only; the entries stand above
 * all of them.
 */
export const CORE_LAYERS: readonly (readonly string[])[] = [
  ["check"],
  ["errors"],
  ["catalog"],
  ["event"],
  ["strategies", "wire"],
  ["compose", "memory"],
  ["log/sums"],
  ["log/store"],
  ["log/outbox"],
  ["log/transaction"],
  ["log/identities", "log/owners"],
  ["log/segments"],
  ["log/letters"],
  ["log/accounts"],
  ["log"],
  ["delivery/time", "delivery/rules", "delivery/receipts"],
  ["delivery/segments"],
  ["delivery/customers"],
  ["delivery/intake"],
  ["delivery/reports"],
  ["delivery/commits"],
  ["delivery/sending"],
  ["delivery"],
  ["client"],
];

/** What tests may import beyond their package's own edges, as development dependencies. */
export const TEST_PACKAGES: readonly string[] = [
  "core",
  "lookup-http",
  "outbox-sqlite",
  "relay",
  "sandbox",
  "testing",
  "transport-fetch",
];

/** Development dependencies that every bundle carries (see tsup.base.ts): users install nothing for them. */
export const BUNDLED: ReadonlySet<string> = new Set(["valibot", "@noble/hashes"]);

/** Names that not every runtime has. */
export const RUNTIME_GLOBALS: ReadonlySet<string> = new Set([
  "Buffer",
  "BroadcastChannel",
  "Bun",
  "Deno",
  "EventSource",
  "XMLHttpRequest",
  "__dirname",
  "__filename",
  "document",
  "global",
  "indexedDB",
  "localStorage",
  "location",
  "navigator",
  "process",
  "require",
  "self",
  "sessionStorage",
  "setImmediate",
  "window",
]);
