import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** The result of checking a path: whether access is allowed, and the path without the token. */
export type Entry =
  | { readonly state: "open"; readonly path: string }
  /** The dashboard's address without the trailing slash: the page's relative URLs would be wrong. */
  | { readonly state: "redirect"; readonly path: string }
  | { readonly state: "closed" };

const TOKEN = /^[A-Za-z0-9_-]{16,128}$/;

/** What a token must look like, for error messages. */
export const URL_TOKEN_EXPECTED = "16 to 128 letters, digits, - and _";

export const isUrlToken = (text: string): boolean => TOKEN.test(text);

export const createUrlToken = (): string => randomBytes(16).toString("base64url");

// Hashes have equal lengths, so that the comparison takes equally long for every guess.
const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/**
 * Allows requests whose path begins with the token, and removes it, so that no route sees or logs it. A token in the
 * path works with every client that accepts a base URL, also if it cannot send custom headers.
 */
export const createUrlDoor = (token: string): ((url: string) => Entry) => {
  const expected = digest(token);
  return (url) => {
    const [, first = "", rest = ""] = /^\/([^/?#]*)(.*)$/s.exec(url) ?? [];
    if (!timingSafeEqual(digest(first), expected)) return { state: "closed" };
    return rest.startsWith("/")
      ? { state: "open", path: rest }
      : { state: "redirect", path: `/${first}/${rest}` };
  };
};
