import type { Command } from "commander";
import { readCatalogFile } from "../catalog/catalog-file.ts";
import { type Affected, type CatalogChange, diffCatalogs } from "../catalog/diff-catalogs.ts";
import { EXIT } from "../errors/exit-code.ts";
import type { Invoke } from "../invoke.ts";
import { bad, dim, type Line } from "../terminal/line.ts";
import { quantity } from "../terminal/quantity.ts";
import type { Report } from "../terminal/report.ts";

const MARKS: Readonly<Record<Affected, string>> = {
  callers: "BREAKS CALLERS",
  bills: "CHANGES BILLS ",
  nobody: "harmless      ",
};

/** Shows what changes for whom. Exits with `findings` if callers or bills are affected. */
const catalogDiff = async (before: string, after: string): Promise<Report> => {
  const changes = diffCatalogs(await readCatalogFile(before), await readCatalogFile(after));
  const breaking = changes.filter(({ affects }) => affects !== "nobody").length;
  const lines = changes.map((change): Line => {
    const mark = MARKS[change.affects];
    return [change.affects === "nobody" ? dim(mark) : bad(mark), `  ${describeChange(change)}`];
  });
  const sum =
    changes.length === 0
      ? "No changes."
      : `${quantity(changes.length, "change")}, ${breaking === 0 ? "none" : breaking} of them breaking.`;
  return {
    exit: breaking > 0 ? EXIT.findings : EXIT.done,
    lines: [...lines, ...(lines.length > 0 ? [""] : []), sum],
    data: { breaking, changes },
  };
};

const describeChange = ({ meter_id, what, before, after, perhaps }: CatalogChange): string => {
  if (what === "added") return `${meter_id}: new, ${after}`;
  if (what === "removed")
    return `${meter_id}: removed${perhaps === undefined ? "" : `; perhaps renamed to ${perhaps}`}`;
  return `${meter_id}: ${what} changed from ${before ?? "none"} to ${after ?? "none"}`;
};

export const catalogDiffCommand = (command: Command, invoke: Invoke): Command =>
  command
    .argument("<before>", "YAML, JSON, a module, or litewave")
    .argument("<after>", "as above")
    .addHelpText(
      "after",
      `
Exits with 4 if a change breaks callers or bills. Use it as a check before a merge.

Examples:
  $ meter catalog diff litewave meters.yaml
  $ git show main:meters.yaml > before.yaml && meter catalog diff before.yaml meters.yaml`,
    )
    .action((before: string, after: string) => invoke(command, () => catalogDiff(before, after)));
