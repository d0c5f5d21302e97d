import { library } from "../../tsup.base.ts";

export default library(["src/openmeter.ts", "src/stripe.ts"]);
