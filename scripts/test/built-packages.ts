import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packPackages } from "../packages/pack-packages.ts";
import { publishedPackages } from "../packages/published-packages.ts";
import { tarballFaults } from "../packages/tarball-faults.ts";
import type { Section } from "./report.ts";
import { root } from "./root.ts";
import { runCommand } from "./run-command.ts";

/** What was built, as users get it: the tarballs, their surface, every entry imported and required, and the demo on it. */
export const checkBuiltPackages = async (section: Section): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "meter-lib-tarballs-"));
  try {
    for (const [name, tarball] of await packPackages(folder)) {
      const faults = await tarballFaults(tarball);
      section.check(`tarball  ${name}`, faults.length === 0, faults.join("\n"));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const api = await runCommand("node", ["scripts/api.ts"]);
  section.check("public surface, as recorded in packages/*/api.md", api.ok, api.output);
  for (const { folder, name, entries } of publishedPackages()) {
    // One process loads all entries of a package, as a module and from CommonJS.
    const load = entries.map((entry) => `await import("${entry.name}");\nrequire("${entry.name}");`);
    const program = `import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);\n${load.join("\n")}\nconsole.log("all loaded");`;
    const { ok, output } = await runCommand("node", ["--input-type=module", "--eval", program], {
      cwd: join(root, "packages", folder),
    });
    // One that ends the process when it is loaded ends it with 0, too.
    section.check(`import and require  ${name}`, ok && output.includes("all loaded"), output);
  }
  const demo = await runCommand("node", ["examples/demo/src/demo.ts"]);
  section.check("demo on the built packages", demo.ok, demo.output);
};
