// Compiles every TypeScript block of the Markdown files, runs those marked `ts run`, follows links to files, and looks up the commands that they
// tell readers to run.
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { commandFault, documentedCommands } from "./docs/documented-commands.ts";
import { headingAnchors } from "./docs/heading-anchor.ts";
import { relativeLinks } from "./docs/relative-links.ts";
import { snippetsOf } from "./docs/snippet.ts";

const root = new URL("..", import.meta.url).pathname;
// Below docs/, because there the packages that readers install are installed.
const folder = join(root, "docs/.snippets");
const files = globSync(
  ["*.md", "bench/*.md", "tests/*/*.md", "docs/**/*.md", "packages/*/README.md", "examples/*/README.md"],
  {
    cwd: root,
    exclude: (path) => path.includes("node_modules") || path.includes("reference"),
  },
).sort();

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const snippets = files.flatMap((file) =>
  snippetsOf(readFileSync(join(root, file), "utf8")).map((snippet) => {
    const name = `${file.replaceAll(/[\\/]/g, "__")}.${snippet.line}.ts`;
    writeFileSync(join(folder, name), snippet.code);
    return { ...snippet, file, name };
  }),
);
writeFileSync(
  join(folder, "tsconfig.json"),
  JSON.stringify({
    extends: "../../tsconfig.base.json",
    compilerOptions: { lib: ["es2024", "esnext.disposable", "dom", "dom.iterable"], types: ["node"] },
    include: ["*.ts"],
  }),
);

/** File names of snippets as the files that they come from. */
const readable = (text: string): string =>
  snippets.reduce(
    (result, { file, name }) =>
      result.replaceAll(`${folder}/${name}`, file).replaceAll(`docs/.snippets/${name}`, file),
    text,
  );

const run = (command: string, args: readonly string[]): boolean => {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    timeout: 180_000,
  });
  // console.assert tells, and goes on.
  const ok = status === 0 && !stderr.includes("Assertion failed");
  if (!ok) console.error(readable(`${stdout}${stderr}`));
  return ok;
};

let failed = run("tsc", ["-p", "docs/.snippets", "--pretty", "false"]) ? 0 : 1;
for (const file of files) {
  for (const { line, target, anchor } of relativeLinks(readFileSync(join(root, file), "utf8"))) {
    const path = target === "" ? file : join(dirname(file), target);
    const leads =
      existsSync(join(root, path)) &&
      (anchor === undefined ||
        !path.endsWith(".md") ||
        headingAnchors(readFileSync(join(root, path), "utf8")).has(anchor));
    if (leads) continue;
    console.error(
      `${file}:${line} the link ${target}${anchor === undefined ? "" : `#${anchor}`} leads nowhere`,
    );
    failed++;
  }
}
const scriptsOf = (manifest: string): { readonly name: string; readonly scripts: ReadonlySet<string> } => {
  const { name = "", scripts = {} }: { name?: string; scripts?: object } = JSON.parse(
    readFileSync(join(root, manifest), "utf8"),
  );
  return { name, scripts: new Set(Object.keys(scripts)) };
};
const manifests = globSync(["*/package.json", "{packages,examples,tests}/*/package.json"], {
  cwd: root,
});
const scripts = {
  workspace: scriptsOf("package.json").scripts,
  // pnpm finds a package without its scope, too.
  packages: new Map(
    manifests
      .map(scriptsOf)
      .flatMap(({ name, scripts }) => [
        [name, scripts] as const,
        [name.replace(/^@[^/]+\//, ""), scripts] as const,
      ]),
  ),
};
for (const file of files) {
  for (const command of documentedCommands(readFileSync(join(root, file), "utf8"))) {
    const fault = commandFault(command, scripts);
    if (fault === undefined) continue;
    console.error(`${file}:${command.line} ${fault}`);
    failed++;
  }
}
const runnable = snippets.filter(({ runs }) => runs);
for (const { file, line, name } of runnable) {
  if (run(process.execPath, ["--conditions=source", join(folder, name)])) continue;
  console.error(`${file}:${line} the block does not run`);
  failed++;
}
if (failed > 0) process.exitCode = 1;
else {
  rmSync(folder, { recursive: true, force: true });
  console.log(
    `Docs: ${snippets.length} blocks of ${files.length} files compile, ${runnable.length} of them run; links lead somewhere.`,
  );
}
