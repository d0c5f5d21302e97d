import { library } from "../../tsup.base.ts";

export default library({
  index: "src/index.ts",
  compose: "src/compose.ts",
  transport: "src/transport.ts",
  store: "src/store.ts",
  wire: "src/wire.ts",
});
