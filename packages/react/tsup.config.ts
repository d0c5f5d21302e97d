import { library } from "../../tsup.base.ts";

// Rollup, which shakes the tree, drops the directive of the entry; esbuild keeps it.
export default library(["src/index.ts"], { treeshake: false });
