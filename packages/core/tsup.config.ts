import { library } from "../../tsup.base.ts";

export default library({ index: "src/index.ts", log: "src/log/index.ts" });
