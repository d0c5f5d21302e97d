import { library } from "../../tsup.base.ts";

// The worker is a file of its own: a thread is started from it.
export default library(["src/index.ts", "src/outbox-worker.ts"]);
