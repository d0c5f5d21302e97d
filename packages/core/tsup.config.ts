import { resolve } from "node:path";
import { library } from "../../tsup.base.ts";

const ENTRIES = {
  index: "src/index.ts",
  compose: "src/compose.ts",
  transport: "src/transport.ts",
  store: "src/store.ts",
  wire: "src/wire.ts",
};
const sources = new Set(Object.values(ENTRIES).map((source) => resolve(source)));

// Shared by the entries, the code would be cut into ten files, and loading those takes longer than running them.
export default [
  library({ published: "src/published.ts" }, { dts: false }),
  library(ENTRIES, {
    clean: false,
    esbuildPlugins: [
      {
        name: "re-export from one file",
        setup: ({ onResolve }) =>
          onResolve({ filter: /^\./ }, ({ importer }) =>
            sources.has(importer) ? { path: "./published.js", external: true } : undefined,
          ),
      },
    ],
  }),
];
