import { library } from "../../tsup.base.ts";

export default library(["src/index.ts", "src/undici-send.ts", "src/write-a-dialect.ts"]);
