import type { IncomingMessage } from "node:http";
import { describeValue } from "@meter-lib/core/transport";
import { HTTPException } from "hono/http-exception";
import * as v from "valibot";
import { decodeUtf8, parseJson } from "../wire/parse-json.ts";
import { readBody } from "./read-body.ts";

/** Fields by name. The message of a field's schema says what it expects: "an integer from 1 to 1000". */
type Fields = v.StrictObjectSchema<v.ObjectEntries, undefined>;

const shapeOf = (entries: v.ObjectEntries): string => {
  const names = Object.entries(entries).map(([name, { type }]) => (type === "optional" ? `${name}?` : name));
  return `{ ${names.join(", ")} }`;
};

const issueText = ({ entries }: Fields, issue: v.BaseIssue<unknown>): string => {
  const field = v.getDotPath(issue);
  const given = issue.input === undefined ? "nothing" : describeValue(issue.input);
  if (field === null) return `The body: expected ${shapeOf(entries)}, got ${given}`;
  if (issue.type !== "strict_object") return `${field}: expected ${issue.message}, got ${given}`;
  const entry = entries[field];
  if (entry === undefined) {
    const names = Object.keys(entries);
    return `${field}: ${names.length === 0 ? "no field is expected" : `expected one of the fields ${names.join(", ")}`}`;
  }
  return `${field}: expected ${v.safeParse(entry, undefined).issues?.[0].message}, got nothing`;
};

/** Checks fields by their schema; responds 400 with the field, what it expects and what was given if one is invalid or unknown. */
export const checked = <S extends Fields>(schema: S, input: unknown): v.InferOutput<S> => {
  const result = v.safeParse(schema, input);
  const issues = result.issues?.map((issue) => issueText(schema, issue)) ?? [];
  if (!result.success) throw new HTTPException(400, { message: issues.join("; ") });
  const { from, to } = result.output;
  if (typeof from === "number" && typeof to === "number" && from > to)
    throw new HTTPException(400, { message: `to: expected a time from ${from} on, got ${to}` });
  return result.output;
};

/** Reads and checks the JSON of a request to the sandbox's own API. Responds 400 if it is invalid, 413 if it is too large. */
export const checkedBody = async <S extends Fields>(
  schema: S,
  incoming: IncomingMessage,
  maxBodyBytes: number,
): Promise<v.InferOutput<S>> => {
  const bytes = await readBody(incoming, maxBodyBytes);
  if (bytes === "too_large")
    throw new HTTPException(413, { message: `The body is larger than ${maxBodyBytes} bytes` });
  const parsed = parseJson(decodeUtf8(bytes) ?? "");
  if (!("value" in parsed))
    throw new HTTPException(400, { message: `The body: expected ${shapeOf(schema.entries)} as JSON` });
  // To the schema, an array is an object without its fields.
  if (Array.isArray(parsed.value))
    throw new HTTPException(400, { message: `The body: expected ${shapeOf(schema.entries)}, got an array` });
  return checked(schema, parsed.value);
};
