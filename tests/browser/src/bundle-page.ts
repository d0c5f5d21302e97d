import { build } from "esbuild";

/** A script of this folder with all it imports, as a page loads it. */
export const bundlePage = async (name: "page-app" | "worker-app"): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [new URL(`./${name}.ts`, import.meta.url).pathname],
    bundle: true,
    format: "iife",
    target: "es2023",
    conditions: ["source"],
    write: false,
  });
  return outputFiles.map(({ text }) => text).join("\n");
};
