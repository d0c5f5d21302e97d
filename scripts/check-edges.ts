// Which package may import which: see the table in edges/edge-rules.ts.
import { CORE_LAYERS } from "./edges/edge-rules.ts";
import { findEdgeFaults } from "./edges/find-edge-faults.ts";
import { findUpwardArrows } from "./edges/find-upward-arrows.ts";
import { readWorkspace } from "./edges/read-workspace.ts";

const workspace = readWorkspace(new URL("..", import.meta.url).pathname);
const faults =
  workspace.files.length === 0
    ? ["packages:1 no source file was found"]
    : [
        ...findEdgeFaults(workspace),
        ...findUpwardArrows(
          workspace.files.filter(({ packageName }) => packageName === "core"),
          CORE_LAYERS,
        ),
      ];
for (const fault of faults) console.error(fault);
if (faults.length > 0) {
  console.error(`\n${faults.length} faults; the table of edges is scripts/edges/edge-rules.ts.`);
  process.exitCode = 1;
} else {
  console.log(`Edges: ${workspace.files.length} files keep to the table.`);
}
