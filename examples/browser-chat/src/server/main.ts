// The chat on port 3000: `pnpm --filter browser-chat start`. Ctrl-C ends it.
import { startChatServer } from "./chat-server.ts";

const { url, sandbox } = await startChatServer(Number(process.env.PORT ?? 3000));
console.log(`Chat:  ${url}\nUsage: ${sandbox.url}/sandbox/v1/usage`);
