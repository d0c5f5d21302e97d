import { readFileSync } from "node:fs";
import {
  checkPackage,
  createPackageFromTarballData,
  type Package,
  type Problem,
} from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

/** What a user of the tarball would stumble over; none when it can be published. */
export const tarballFaults = async (tarball: string): Promise<readonly string[]> => {
  const bytes = new Uint8Array(readFileSync(tarball));
  const packed = createPackageFromTarballData(bytes);
  const read = (path: string) => packed.readFile(`/node_modules/${packed.packageName}/${path}`);
  const files = packed.listFiles().map((path) => path.replace(`/node_modules/${packed.packageName}/`, ""));
  const manifest = parseObject(read("package.json"));
  return [
    ...manifestFaults(manifest),
    ...fileFaults(files, read),
    ...(await publintFaults(bytes, manifest)),
    ...(await typeFaults(packed)),
  ];
};

const REQUIRED = [
  "license",
  "description",
  "repository",
  "bugs",
  "homepage",
  "engines",
  "sideEffects",
  "exports",
];
const DEPENDENCIES = ["dependencies", "peerDependencies", "optionalDependencies"];

const manifestFaults = (manifest: Readonly<Record<string, unknown>>): readonly string[] => [
  ...REQUIRED.filter((field) => manifest[field] === undefined).map((field) => `package.json: no "${field}"`),
  ...DEPENDENCIES.flatMap((field) =>
    Object.entries(objectOf(manifest[field]))
      .filter(([, range]) => /^(workspace|catalog|link|file|portal):/.test(String(range)))
      .map(([name, range]) => `package.json: ${field}.${name} is ${String(range)}, which no registry knows`),
  ),
  // The sources are not in the tarball.
  ...(JSON.stringify(manifest.exports).includes('"source"')
    ? ['package.json: an export has the condition "source"']
    : []),
];

const fileFaults = (files: readonly string[], read: (path: string) => string): readonly string[] => [
  ...["LICENSE", "README.md"].filter((path) => !files.includes(path)).map((path) => `${path} is missing`),
  ...files
    .filter((path) => /\.test(-d)?\.|\.tsx?$|\.env|\.db$/.test(path) && !path.endsWith(".d.ts"))
    .map((path) => `${path} is for us alone`),
  // What is minified on purpose has none.
  ...files
    .filter((path) => path.startsWith("dist/") && path.endsWith(".js") && !path.endsWith(".min.js"))
    .filter((path) => !files.includes(`${path}.map`) || sourcesMissing(read(`${path}.map`)))
    .map((path) => `${path} has no source map with its sources`),
];

const sourcesMissing = (map: string): boolean => {
  const { sources, sourcesContent } = parseObject(map);
  return !Array.isArray(sources) || (sources.length > 0 && !Array.isArray(sourcesContent));
};

const publintFaults = async (
  { buffer }: Uint8Array<ArrayBuffer>,
  manifest: Readonly<Record<string, unknown>>,
): Promise<readonly string[]> => {
  const { messages } = await publint({ pack: { tarball: buffer }, strict: true });
  return messages.map(
    (message) => `publint: ${formatMessage(message, manifest, { color: false }) ?? message.code}`,
  );
};

/** Modules alone: what old resolution and `require` of Node before 22 would find does not matter. */
const typeFaults = async (packed: Package): Promise<readonly string[]> => {
  const result = await checkPackage(packed, { excludeEntrypoints: [/\.js$/] });
  if (result.types === false) return ["are the types wrong: there are none"];
  const matters = (problem: Problem) =>
    !("resolutionKind" in problem) || ["node16-esm", "bundler"].includes(problem.resolutionKind);
  return result.problems.filter(matters).map((problem) => `are the types wrong: ${JSON.stringify(problem)}`);
};

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {};

const parseObject = (json: string): Readonly<Record<string, unknown>> => objectOf(JSON.parse(json));
