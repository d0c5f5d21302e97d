import { HTTPException } from "hono/http-exception";
import * as v from "valibot";

/** The input as its schema reads it; answers 400 with the schema's words where it does not. */
export const checked = <S extends v.GenericSchema>(schema: S, input: unknown): v.InferOutput<S> => {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  throw new HTTPException(400, { message: result.issues.map((issue) => issue.message).join("; ") });
};
