// workerd: a module with a fetch handler.
import { check } from "./portable.js";

export default {
  fetch: async () => new Response(await check().catch((error) => String(error?.stack ?? error))),
};
