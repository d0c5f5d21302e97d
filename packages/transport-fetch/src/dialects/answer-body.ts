import type { HttpAnswer } from "../http/exchange.ts";

const MAX_SHOWN = 4 * 1024;

/** Parses the response as JSON. Returns undefined if it is truncated or not JSON. */
export const answerJson = ({ text, cut }: HttpAnswer): unknown => {
  if (cut !== undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Returns the response as shown to people: its JSON, or its text cut at 4 KiB. Undefined if it is empty. */
export const shownBody = (answer: HttpAnswer): unknown => {
  if (answer.text === "") return undefined;
  const json = answer.text.length <= MAX_SHOWN ? answerJson(answer) : undefined;
  return json === undefined ? answer.text.slice(0, MAX_SHOWN) : json;
};
