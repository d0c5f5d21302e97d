import { build } from "vite";

/** A file of the page, by its path. */
export type PageFiles = ReadonlyMap<string, { readonly type: string; readonly content: string | Uint8Array }>;

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
};

/** Bundles the page with Vite, in memory. */
export const buildPage = async (): Promise<PageFiles> => {
  const built = await build({
    root: new URL("../page", import.meta.url).pathname,
    configFile: false,
    logLevel: "warn",
    // The packages of this repository from their sources.
    resolve: { conditions: ["source", "module", "browser"] },
    build: { write: false, target: "es2023" },
  });
  if (!("output" in built)) throw new Error("Vite gave no files");
  return new Map(
    built.output.map((file) => [
      file.fileName === "index.html" ? "/" : `/${file.fileName}`,
      {
        type: TYPES[file.fileName.split(".").at(-1) ?? ""] ?? "application/octet-stream",
        content: file.type === "chunk" ? file.code : file.source,
      },
    ]),
  );
};
