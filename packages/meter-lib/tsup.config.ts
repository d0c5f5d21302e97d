import { library } from "../../tsup.base.ts";

export default library([
  "src/index.ts",
  "src/compose.ts",
  "src/browser.ts",
  "src/node.ts",
  "src/opentelemetry.ts",
  "src/postgres.ts",
  "src/bin.ts",
]);
