import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask } from "./ask.ts";

/** What the sandbox answers now, asked again and again while the page is looked at. */
export interface Answered<Answer> {
  /** Undefined until the first answer. */
  readonly data: Answer | undefined;
  /** Why the last question failed, in words. */
  readonly error: string | undefined;
  /** Asks at once. */
  readonly refresh: () => void;
}

const EVERY_MS = 2000;
/** A backend with much to count is asked less often: it is left alone this many times as long as an answer took. */
const REST = 20;

export const useAnswer = <Answer>(path: string): Answered<Answer> => {
  const [state, setState] = useState<{ path: string; data?: Answer | undefined; error?: string }>({ path });
  const again = useRef<() => void>(() => undefined);

  useEffect(() => {
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
          if (mine === round) setState({ path, data });
        } catch (error) {
          const words = error instanceof Error ? error.message : String(error);
          if (mine === round) setState((before) => ({ path, data: before.data, error: words }));
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
  return { data: state.data, error: state.error, refresh };
};
