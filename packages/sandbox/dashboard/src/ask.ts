import * as v from "valibot";
import { doneShape, type Shape } from "./answer-shapes.ts";

const PATIENCE_MS = 30_000;

/** Why a question has no answer, in words for the reader. */
export class NoAnswer extends Error {
  /** HTTP status, where the sandbox refused. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

/** The words of any error. */
export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const respond = async (path: string, init: RequestInit): Promise<Response> => {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const signal = init.signal ? AbortSignal.any([init.signal, patience]) : patience;
  try {
    return await fetch(path, { ...init, signal });
  } catch {
    throw new NoAnswer(
      patience.aborted
        ? `The sandbox has not responded for ${PATIENCE_MS / 1000} s.`
        : "The sandbox does not respond.",
    );
  }
};

/**
 * Asks the sandbox for JSON, by a path relative to the page.
 *
 * @throws NoAnswer if it does not respond, refuses, or sends something else than was asked for
 */
export const ask = async <Answer>(
  path: string,
  shape: Shape<Answer>,
  init: RequestInit = {},
): Promise<Answer> => {
  const response = await respond(path, init);
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) {
    const said = typeof body === "object" && body !== null && "message" in body ? body.message : undefined;
    const words = typeof said === "string" && said !== "" ? said : response.statusText;
    throw new NoAnswer(`The sandbox refused with ${response.status}: ${words}`, response.status);
  }
  const read = v.safeParse(shape, body);
  if (read.success) return read.output;
  const [{ message }] = read.issues;
  const at = v.getDotPath(read.issues[0]);
  throw new NoAnswer(
    `The response is not what this page expects${at === null ? "" : `, at ${at}`}: ${message}.`,
  );
};

const withBody = (method: string, body: unknown): RequestInit => ({
  method,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

/** Sends JSON with POST. */
export const post = <Answer>(path: string, shape: Shape<Answer>, body: unknown): Promise<Answer> =>
  ask(path, shape, withBody("POST", body));

/** Sends JSON with PUT. */
export const put = (path: string, body: unknown): Promise<unknown> =>
  ask(path, doneShape, withBody("PUT", body));

/** Deletes what is at a path. */
export const remove = (path: string): Promise<unknown> => ask(path, doneShape, { method: "DELETE" });

/** A path with a query, or with more of one, without the fields that are empty. */
export const withQuery = (
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
): string => {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  const text = parameters.toString();
  return text === "" ? path : `${path}${path.includes("?") ? "&" : "?"}${text}`;
};
