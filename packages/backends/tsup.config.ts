import { library } from "../../tsup.base.ts";

export default library(["src/autumn.ts", "src/lago.ts", "src/openmeter.ts", "src/stripe.ts"]);
