import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** What a request's path says: whether it may come in, and under which path it goes on. */
export type Entry =
  | { readonly state: "open"; readonly path: string }
  /** The dashboard's address without the slash at its end: the page's own addresses would be wrong. */
  | { readonly state: "redirect"; readonly path: string }
  | { readonly state: "closed" };

const TOKEN = /^[A-Za-z0-9_-]{16,128}$/;

/** What a token has to be, in words. */
export const URL_TOKEN_EXPECTED = "16 to 128 letters, digits, - and _";

export const isUrlToken = (text: string): boolean => TOKEN.test(text);

export const createUrlToken = (): string => randomBytes(16).toString("base64url");

// Of equal length whatever was given, so that the comparison takes as long for every guess.
const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/**
 * Lets requests in whose path begins with the token, and takes it away: nothing behind this sees or logs it. A token in the
 * path works with every client that takes a base URL, also with those that send no headers of their own.
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
