import { dirname, join, normalize } from "node:path/posix";
import { BUNDLED, type EdgeRule, TEST_PACKAGES } from "./edge-rules.ts";
import type { Mention, SourceFile } from "./source-file.ts";

export interface Workspace {
  readonly rules: Readonly<Record<string, EdgeRule>>;
  readonly files: readonly SourceFile[];
  /** For each package: what its package.json lists for everybody, and for its own tests. */
  readonly dependencies: ReadonlyMap<string, PackageDependencies>;
}

export interface PackageDependencies {
  /** `dependencies` and `peerDependencies`. */
  readonly runtime: ReadonlySet<string>;
  /** `devDependencies`, the root's too. */
  readonly development: ReadonlySet<string>;
}

/** What breaks a rule, as lines of `file:line words`, in the order of the files. */
export const findEdgeFaults = (workspace: Workspace): readonly string[] => {
  const portable = portableFiles(workspace);
  return workspace.files.flatMap((file) => {
    const rule = workspace.rules[file.packageName];
    const where = `packages/${file.packageName}/src/${file.path}`;
    if (rule === undefined)
      return [
        `${where}:1 the package "${file.packageName}" has no line in the table of scripts/edges/edge-rules.ts`,
      ];
    const faults = [
      ...file.imports.flatMap(({ name, line }) =>
        importFaults(workspace, file, rule, name, portable.get(where)).map(
          (words) => `${where}:${line} ${words}`,
        ),
      ),
      ...(rule.noRuntimeGlobals && !file.isTest ? file.globals : []).map(
        ({ name, line }: Mention) =>
          `${where}:${line} uses "${name}", which not every runtime has: let the caller give it`,
      ),
    ];
    return faults;
  });
};

const importFaults = (
  { rules, dependencies }: Workspace,
  { packageName, isTest }: SourceFile,
  rule: EdgeRule,
  name: string,
  portableBecause: string | undefined,
): readonly string[] => {
  if (name.startsWith(".")) return [];
  if (name.startsWith("node:")) {
    return portableBecause === undefined
      ? []
      : [`imports "${name}", but ${portableBecause} must work without Node`];
  }
  const target = packageOf(name);
  const own = workspaceFolder(target);
  const faults: string[] = [];
  if (own !== undefined && own !== packageName) {
    const allowed = isTest ? [...rule.imports, ...TEST_PACKAGES] : rule.imports;
    if (!allowed.includes(own))
      faults.push(`imports "${name}": ${packageName} may import ${listOf(allowed)}`);
    else if (portableBecause !== undefined && !isPortable(rules[own]))
      faults.push(`imports "${name}", which needs Node, but ${portableBecause} must work without`);
  }
  const listed = dependencies.get(packageName);
  if (own !== packageName && listed !== undefined) {
    const isListed =
      listed.runtime.has(target) || ((isTest || BUNDLED.has(target)) && listed.development.has(target));
    if (!isListed)
      faults.push(
        `imports "${name}", which packages/${packageName}/package.json does not list${isTest ? "" : " for users"}`,
      );
  }
  return faults;
};

const listOf = (names: readonly string[]): string =>
  names.length === 0 ? "no other package" : `only ${[...new Set(names)].join(", ")}`;

/** `@scope/name/path` and `name/path` without the path. */
const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

const workspaceFolder = (target: string): string | undefined => {
  if (target === "meter-lib") return target;
  return target.startsWith("@meter-lib/") ? target.slice("@meter-lib/".length) : undefined;
};

/** Every file that a portable entry reaches, with the entry that does. */
const portableFiles = ({ rules, files }: Workspace): ReadonlyMap<string, string> => {
  const byPath = new Map(files.map((file) => [`packages/${file.packageName}/src/${file.path}`, file]));
  const reached = new Map<string, string>();
  const walk = (path: string, entry: string): void => {
    const file = byPath.get(path);
    if (file === undefined || reached.has(path)) return;
    reached.set(path, entry);
    for (const { name } of file.imports)
      if (name.startsWith(".")) walk(normalize(join(dirname(path), name)), entry);
  };
  for (const [packageName, { portable }] of Object.entries(rules)) {
    const entries =
      portable === "all"
        ? files.filter((file) => file.packageName === packageName && !file.isTest).map(({ path }) => path)
        : portable;
    for (const entry of entries) walk(`packages/${packageName}/src/${entry}`, entry);
  }
  return reached;
};

const isPortable = (rule: EdgeRule | undefined): boolean =>
  rule !== undefined && (rule.portable === "all" || rule.portable.includes("index.ts"));
