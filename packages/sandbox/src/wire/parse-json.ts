import { type Refusal, refuse } from "./refusal.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The bytes as text, or undefined where they are not UTF-8. */
export const decodeUtf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
};

/** The value of a JSON text, or 400 with what the parser did not like. */
export const parseJson = (text: string): { readonly value: unknown } | Refusal => {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return refuse(400, `The body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
};
