import { library } from "../../tsup.base.ts";

export default library([
  "src/hono.ts",
  "src/express.ts",
  "src/fastify.ts",
  "src/next.ts",
  "src/ai-sdk.ts",
  "src/context.ts",
]);
