import { library } from "../../tsup.base.ts";

export default library(["src/index.ts", "src/matchers.ts", "src/fault-backend.ts"]);
