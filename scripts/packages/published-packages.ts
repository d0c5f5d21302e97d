import { globSync, readFileSync } from "node:fs";
import { join } from "node:path/posix";
import { root } from "../test/root.ts";

/** A package that users install. */
export interface PublishedPackage {
  /** Its folder below `packages/`. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** What users import, with the built types: `meter-lib/node` in `dist/node.d.ts`. */
  readonly entries: readonly { readonly name: string; readonly types: string }[];
}

/** All packages of `packages/` but the private ones, by folder. */
export const publishedPackages = (): readonly PublishedPackage[] =>
  globSync("packages/*/package.json", { cwd: root })
    .sort()
    .flatMap((path) => {
      const folder = path.split(/[\\/]/)[1] ?? "";
      const content: unknown = JSON.parse(readFileSync(join(root, path), "utf8"));
      if (isObject(content) && content.private === true) return [];
      if (!isObject(content)) throw new Error(`${path}: expected an object`);
      const { name, version, description, exports } = content;
      if (typeof name !== "string" || typeof version !== "string" || typeof description !== "string")
        throw new Error(`${path}: expected a name, a version and a description`);
      const entries = Object.entries(isObject(exports) ? exports : {}).flatMap(([path, target]) =>
        isObject(target) && typeof target.types === "string"
          ? [{ name: join(name, path), types: join("packages", folder, target.types) }]
          : [],
      );
      return [{ folder, name, version, description, entries }];
    });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
