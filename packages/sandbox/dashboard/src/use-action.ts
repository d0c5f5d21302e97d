import { useState } from "preact/hooks";
import { wordsOf } from "./ask.ts";

/** What a reader asked for, and what came of it. */
export interface Action {
  /** The words that the last one ended with, or why it failed. Empty before the first. */
  readonly said: string;
  /** Runs one. It answers with its last words, and may say others on the way. */
  readonly act: (what: (say: (words: string) => void) => Promise<string>) => Promise<void>;
}

/** Runs actions one after the other; `after` is called at the end of each, also of one that failed. */
export const useAction = (after?: () => void): Action => {
  const [said, say] = useState("");
  const act: Action["act"] = async (what) => {
    try {
      say(await what(say));
    } catch (error) {
      say(wordsOf(error));
    }
    after?.();
  };
  return { said, act };
};
