import { readCatalogFile } from "../catalog/catalog-file.ts";
import { type Affected, type CatalogChange, diffCatalogs } from "../catalog/diff-catalogs.ts";
import { EXIT } from "../exit-code.ts";
import type { Report } from "../report.ts";
import type { Io } from "../terminal/io.ts";

const MARKS: Readonly<Record<Affected, string>> = {
  callers: "BREAKS CALLERS",
  bills: "CHANGES BILLS ",
  nobody: "harmless      ",
};

/** What changes for whom. Ends with `findings` when callers or bills are hurt. */
export const catalogDiff = async (before: string, after: string, io: Io): Promise<Report> => {
  const changes = diffCatalogs(await readCatalogFile(before), await readCatalogFile(after));
  const breaking = changes.filter(({ affects }) => affects !== "nobody").length;
  const { paint } = io.stdout;
  const lines = changes.map((change) => {
    const mark = MARKS[change.affects];
    return `${change.affects === "nobody" ? paint.dim(mark) : paint.bad(mark)}  ${describeChange(change)}`;
  });
  const sum =
    changes.length === 0
      ? "No changes."
      : `${changes.length} changes, ${breaking === 0 ? "none" : breaking} of them breaking.`;
  return {
    exit: breaking > 0 ? EXIT.findings : EXIT.done,
    text: [...lines, ...(lines.length > 0 ? [""] : []), sum].join("\n"),
    data: { breaking, changes },
  };
};

const describeChange = ({ meter_id, what, before, after, perhaps }: CatalogChange): string => {
  if (what === "added") return `${meter_id}: new, ${after}`;
  if (what === "removed")
    return `${meter_id}: removed${perhaps === undefined ? "" : `; perhaps it is ${perhaps} now`}`;
  return `${meter_id}: ${what} was ${before ?? "not given"}, is ${after ?? "not given"}`;
};
