import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Options } from "tsup";

/** Where `scripts/declarations.ts` puts them. */
const DECLARATIONS = new URL(".declarations/packages/", import.meta.url);

type Entries = Readonly<Record<string, string>>;

const isList = (sources: readonly string[] | Entries): sources is readonly string[] => Array.isArray(sources);

/** `src/node/index.ts` is built as `node/index`. */
const named = (sources: readonly string[]): Entries =>
  Object.fromEntries(sources.map((source) => [source.replace(/^src\/|\.ts$/g, ""), source]));

/** One build for every package: ESM with types and source maps, for Node ≥ 22.18 and current browsers. */
export const library = (sources: readonly string[] | Entries, others: Options = {}) => {
  const entry = isList(sources) ? named(sources) : { ...sources };
  const declarations = new URL(`${basename(process.cwd())}/`, DECLARATIONS);
  const declared = ([name, source]: [string, string]): [string, string] => [
    name,
    fileURLToPath(new URL(source.replace(/\.ts$/, ".d.ts"), declarations)),
  ];
  return defineConfig({
    entry,
    format: "esm",
    target: "es2023",
    dts: {
      entry: Object.fromEntries(Object.entries(entry).map(declared)),
      compilerOptions: { customConditions: [], noEmit: false, emitDeclarationOnly: true },
    },
    sourcemap: true,
    clean: true,
    treeshake: true,
    // Little of them is used: read whole, they were half of the time that the first import takes.
    noExternal: ["valibot", /^@noble\/hashes/],
    // `node:sqlite` has no name without the prefix.
    removeNodeProtocol: false,
    ...others,
  });
};
