import { dirname, join, normalize } from "node:path/posix";
import type { SourceFile } from "./source-file.ts";

/** Imports of one package that lead to a higher layer, or to another folder of the same one. Tests stand outside the layers. */
export const findUpwardArrows = (
  files: readonly SourceFile[],
  layers: readonly (readonly string[])[],
): readonly string[] => {
  const layerOf = (folder: string): number => layers.findIndex((names) => names.includes(folder));
  return files
    .filter(({ path, isTest }) => !isTest && path.includes("/"))
    .flatMap(({ packageName, path, imports }) => {
      const folder = folderOf(path);
      const where = `packages/${packageName}/src/${path}`;
      if (layerOf(folder) < 0)
        return [`${where}:1 the folder "${folder}" has no layer in scripts/edges/edge-rules.ts`];
      return imports
        .filter(({ name }) => name.startsWith("."))
        .map(({ name, line }) => ({ target: folderOf(normalize(join(dirname(path), name))), line }))
        .filter(
          ({ target }) => target !== folder && (layerOf(target) < 0 || layerOf(target) >= layerOf(folder)),
        )
        .map(
          ({ target, line }) => `${where}:${line} imports from "${target}", which is not below "${folder}"`,
        );
    });
};

/** The folder of a path; the file itself at the top. */
const folderOf = (path: string): string => (path.includes("/") ? dirname(path) : path);
