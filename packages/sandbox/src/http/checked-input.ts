import { HTTPException } from "hono/http-exception";
import * as v from "valibot";

/** Parses the input with its schema; responds 400 with the schema's message if it is invalid. */
export const checked = <S extends v.GenericSchema>(schema: S, input: unknown): v.InferOutput<S> => {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  throw new HTTPException(400, { message: result.issues.map((issue) => issue.message).join("; ") });
};
