import { join } from "node:path/posix";
import { publishedPackages } from "../packages/published-packages.ts";

/** A page of the reference: what one import path exports. */
export interface ReferenceEntry {
  /** As users import it: `meter-lib/node`. */
  readonly name: string;
  /** The source, from the repository's folder. */
  readonly source: string;
  /** The page, from the site's root, without extension: `reference/meter-lib/node`. */
  readonly page: string;
  /** The package's folder below `packages/`. */
  readonly folder: string;
  /** The package's description, for the entry that has the package's name. */
  readonly description: string | undefined;
}

/** All pages of the reference; the package that most people install comes first. */
export const referenceEntries = (): readonly ReferenceEntry[] =>
  publishedPackages()
    .toSorted((a, b) => Number(b.name === "meter-lib") - Number(a.name === "meter-lib"))
    .flatMap(({ folder, name: packageName, description, entries }) =>
      entries.map(({ name, types }) => ({
        name,
        source: types.replace("/dist/", "/src/").replace(".d.ts", ".ts"),
        page: join("reference", name.replace("@meter-lib/", "")),
        folder,
        description: name === packageName ? description : undefined,
      })),
    );
