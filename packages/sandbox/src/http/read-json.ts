import type { IncomingMessage } from "node:http";
import { HTTPException } from "hono/http-exception";
import { decodeUtf8, parseJson } from "../wire/parse-json.ts";
import { readBody } from "./read-body.ts";

/** The JSON of a request to the sandbox's own API; answers 400 where there is none, 413 where there is too much. */
export const readJson = async (
  incoming: IncomingMessage,
  maxBodyBytes: number,
  expected: string,
): Promise<unknown> => {
  const bytes = await readBody(incoming, maxBodyBytes);
  if (bytes === "too_large")
    throw new HTTPException(413, { message: `The body is larger than ${maxBodyBytes} bytes` });
  const parsed = parseJson(decodeUtf8(bytes) ?? "");
  if (!("value" in parsed)) {
    throw new HTTPException(400, { message: `The body: expected ${expected} as JSON` });
  }
  return parsed.value;
};
