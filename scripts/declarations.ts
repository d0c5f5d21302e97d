// Declarations of every module of the published packages, from which each package's build takes what its entries export. TypeScript 7 writes
// them in one go; by the interface of version 6, a build of each package reads and checks all that it depends on anew.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { publishedPackages } from "./packages/published-packages.ts";
import { root } from "./test/root.ts";
import { runCommand } from "./test/run-command.ts";

const folder = join(root, ".declarations");
/** What imports all others: beside it, the compiler would say `import("meter-lib")` for types of the packages that it gathers. */
const ON_TOP = ["meter-lib", "cli"];

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const names = publishedPackages().map((published) => published.folder);
const below = names.filter((name) => !ON_TOP.includes(name));
for (const [index, packages] of [below, ON_TOP].entries()) {
  const config = join(folder, `tsconfig.${index}.json`);
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(root, "tsconfig.published.json"),
      compilerOptions: {
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        rootDir: root,
        outDir: folder,
      },
      include: packages.map((name) => join(root, "packages", name, "src")),
      exclude: ["*.test.ts", "*.test.tsx", "*.test-d.ts"].map((name) => join(root, "packages/**", name)),
    }),
  );
  const { ok, output } = await runCommand("tsc", ["-p", config]);
  if (ok) continue;
  console.error(output);
  process.exit(1);
}
// The bundler of declarations finds `./x.d.ts` by `./x.js`, not by the `./x.ts` of the sources.
for (const path of globSync("packages/**/*.d.ts", { cwd: folder })) {
  const file = join(folder, path);
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replaceAll(/(["'])(\.{1,2}\/[^"'\n]+)\.tsx?\1/g, "$1$2.js$1"));
}
