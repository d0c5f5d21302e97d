import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask } from "./ask.ts";

/** The state of a query: pending, failed, or the result; `error` says that the result is an older one. */
export type Answered<Answer> = { readonly refresh: () => void } & (
  | { readonly state: "loading" }
  | { readonly state: "unknown"; readonly error: string }
  | { readonly state: "known"; readonly data: Answer; readonly error?: string | undefined }
);

interface Last<Answer> {
  readonly path: string | undefined;
  readonly answer?: { readonly data: Answer };
  readonly error?: string;
}

const EVERY_MS = 2000;
/** A backend with much to count is asked less often: it is left alone this many times as long as an answer took. */
const REST = 20;

/** Asks the sandbox again and again while the page is looked at. Without a path nothing is asked, and it goes on loading. */
export const useAnswer = <Answer>(path: string | undefined): Answered<Answer> => {
  const [last, setLast] = useState<Last<Answer>>({ path });
  const again = useRef<() => void>(() => undefined);

  useEffect(() => {
    if (path === undefined) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let round = 0;
    const look = async (): Promise<void> => {
      clearTimeout(timer);
      const mine = ++round;
      const asked = performance.now();
      // A page in the background does not ask.
      if (!document.hidden) {
        try {
          const data = await ask<Answer>(path);
          if (mine === round) setLast({ path, answer: { data } });
        } catch (error) {
          const words = error instanceof Error ? error.message : String(error);
          // What was known of this question stays; what was known of another one is no answer.
          if (mine === round)
            setLast((before) => ({ ...(before.path === path ? before : { path }), error: words }));
        }
      }
      const pause = Math.max(EVERY_MS, (performance.now() - asked) * REST);
      if (mine === round) timer = setTimeout(look, pause);
    };
    again.current = () => void look();
    void look();
    const seen = (): void => again.current();
    document.addEventListener("visibilitychange", seen);
    return () => {
      round = -1;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [path]);

  const refresh = useCallback(() => again.current(), []);
  const { answer, error } = last.path === path ? last : {};
  if (answer !== undefined) return { state: "known", data: answer.data, error, refresh };
  return error === undefined ? { state: "loading", refresh } : { state: "unknown", error, refresh };
};

/** The answer, where there is one. */
export const dataOf = <Answer>(answered: Answered<Answer>): Answer | undefined =>
  answered.state === "known" ? answered.data : undefined;
