import type { IncomingMessage } from "node:http";
import { HTTPException } from "hono/http-exception";
import { decodeUtf8, parseJson } from "../wire/parse-json.ts";
import { readBody } from "./read-body.ts";

/** Reads the JSON of a request to the sandbox's own API. Responds 400 if it is invalid, 413 if it is too large. */
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
