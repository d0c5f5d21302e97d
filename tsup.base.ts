import { defineConfig, type Options } from "tsup";

/** One build for every package: ESM with types and source maps, for Node ≥ 22.18 and current browsers. */
export const library = (entry: string[] | Record<string, string>, others: Options = {}) =>
  defineConfig({
    entry,
    format: "esm",
    target: "es2023",
    dts: {
      compilerOptions: {
        customConditions: [],
        noEmit: false,
        allowImportingTsExtensions: true,
        emitDeclarationOnly: true,
      },
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
