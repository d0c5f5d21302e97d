import type { HttpAnswer } from "./exchange.ts";

const MAX_SHOWN = 4 * 1024;

/** The answer's JSON; undefined when it is no JSON or not whole. */
export const answerJson = ({ text, cut }: HttpAnswer): unknown => {
  if (cut !== undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** What to show people of an answer: its JSON, or text cut at 4 KiB; undefined when there was none. */
export const shownBody = (answer: HttpAnswer): unknown => {
  if (answer.text === "") return undefined;
  const json = answer.text.length <= MAX_SHOWN ? answerJson(answer) : undefined;
  return json === undefined ? answer.text.slice(0, MAX_SHOWN) : json;
};
