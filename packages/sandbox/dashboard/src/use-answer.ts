import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Shape } from "./answer-shapes.ts";
import { ask, NoAnswer, wordsOf } from "./ask.ts";

/** An answer, when it came, and what is to be said about its age. */
export interface Known<Answer> {
  readonly state: "known";
  readonly data: Answer;
  /** When it came, in milliseconds since the epoch. */
  readonly at: number;
  /** Why there is no newer one. */
  readonly error?: string | undefined;
  /** Whether it is still that of the former order or page. */
  readonly busy: boolean;
}

/** The state of a query: pending, failed, or the result. */
export type Answered<Answer> = { readonly refresh: () => void } & (
  | { readonly state: "loading" }
  | { readonly state: "unknown"; readonly error: string; readonly status?: number | undefined }
  | Known<Answer>
);

export interface AskOptions {
  /** Questions with the same one differ in order or page only: the former answer stays until the next one comes. */
  readonly like?: string | undefined;
}

interface Last<Answer> {
  readonly key: string | undefined;
  readonly like?: string | undefined;
  readonly answer?: { readonly data: Answer; readonly at: number };
  readonly error?: { readonly words: string; readonly status: number | undefined };
}

const EVERY_MS = 2000;
/** A backend with much to count is asked less often: it is left alone this many times as long as an answer took. */
const REST = 20;
const MAX_EVERY_MS = 30_000;

/**
 * Asks a question again and again while the page is looked at. `key` tells it from others; without one nothing is asked, and it
 * goes on loading.
 */
export const useQuestion = <Answer>(
  key: string | undefined,
  put: (signal: AbortSignal) => Promise<Answer>,
  { like }: AskOptions = {},
): Answered<Answer> => {
  const [last, setLast] = useState<Last<Answer>>({ key });
  const again = useRef<() => void>(() => undefined);
  const asked = useRef(put);
  asked.current = put;

  useEffect(() => {
    if (key === undefined) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let asking = new AbortController();
    const look = async (): Promise<void> => {
      clearTimeout(timer);
      asking.abort();
      asking = new AbortController();
      const { signal } = asking;
      const begun = performance.now();
      let pause = EVERY_MS;
      // A page in the background does not ask.
      if (!document.hidden) {
        try {
          const data = await asked.current(signal);
          if (signal.aborted) return;
          setLast({ key, like, answer: { data, at: Date.now() } });
          pause = Math.min(MAX_EVERY_MS, Math.max(EVERY_MS, (performance.now() - begun) * REST));
        } catch (error) {
          if (signal.aborted) return;
          const status = error instanceof NoAnswer ? error.status : undefined;
          // What was known of this question stays; what was known of another one is no answer.
          setLast((before) => ({
            ...(before.key === key ? before : { key }),
            error: { words: wordsOf(error), status },
          }));
        }
      }
      timer = setTimeout(look, pause);
    };
    again.current = () => void look();
    void look();
    const seen = (): void => again.current();
    document.addEventListener("visibilitychange", seen);
    return () => {
      clearTimeout(timer);
      asking.abort();
      document.removeEventListener("visibilitychange", seen);
    };
  }, [key, like]);

  const refresh = useCallback(() => again.current(), []);
  const isSame = last.key === key;
  const { answer, error } = isSame || (like !== undefined && last.like === like) ? last : {};
  if (answer !== undefined)
    return { state: "known", ...answer, error: isSame ? error?.words : undefined, busy: !isSame, refresh };
  return error === undefined || !isSame
    ? { state: "loading", refresh }
    : { state: "unknown", error: error.words, status: error.status, refresh };
};

/** Asks the sandbox for what lies at a path. */
export const useAnswer = <Answer>(
  path: string | undefined,
  shape: Shape<Answer>,
  options?: AskOptions,
): Answered<Answer> => useQuestion(path, (signal) => ask(path ?? "", shape, { signal }), options);

/** The answer, where there is one. */
export const dataOf = <Answer>(answered: Answered<Answer>): Answer | undefined =>
  answered.state === "known" ? answered.data : undefined;

/** Two answers that are told together: known once both are, and as old as the older one. */
export const bothOf = <A, B>(
  first: Answered<A>,
  second: Answered<B>,
): Answered<readonly [first: A, second: B]> => {
  const refresh = (): void => {
    first.refresh();
    second.refresh();
  };
  if (first.state === "unknown") return { ...first, refresh };
  if (second.state === "unknown") return { ...second, refresh };
  if (first.state !== "known" || second.state !== "known") return { state: "loading", refresh };
  return {
    state: "known",
    data: [first.data, second.data],
    at: Math.min(first.at, second.at),
    error: first.error ?? second.error,
    busy: first.busy || second.busy,
    refresh,
  };
};
