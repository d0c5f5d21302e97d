import { type Entry, NEVER } from "../delivery/page-entry.ts";

/** An event's text, and when it may first have been sent. */
export type ParkedEvent = readonly [text: string, sent_at: number | null];

/**
 * What a page has recorded and its database has not stored when the page is left: browsers drop with the page what its database has
 * not begun. It is in `localStorage`, which is written before the call returns, until the database has it.
 */
export interface ParkedEvents {
  /** Takes the place of what this page parked before. */
  park(entries: readonly Entry[]): void;
  /** What other pages parked and never stored, by key. */
  others(): readonly (readonly [key: string, events: readonly ParkedEvent[]])[];
  forget(key: string): void;
  /** Of all pages. */
  clear(): void;
}

const UUID_LENGTH = 36;

/**
 * @param name - of the database
 * @param me - the page
 */
export const parkedEvents = (name: string, me: string): ParkedEvents => {
  const prefix = `${name}|`;
  let hasParked = false;

  /** Workers have no `localStorage`, and a browser may forbid it or be out of room. */
  const attempt = <Value>(work: (storage: Storage) => Value): Value | undefined => {
    try {
      return work(localStorage);
    } catch {
      return undefined;
    }
  };
  const keys = (): readonly string[] =>
    attempt((storage) => Object.keys(storage))?.filter(
      (key) => key.startsWith(prefix) && key.length === prefix.length + UUID_LENGTH,
    ) ?? [];
  const forget = (key: string) => void attempt((storage) => storage.removeItem(key));

  return {
    park: (entries) => {
      if (entries.length === 0) {
        if (hasParked) forget(prefix + me);
        hasParked = false;
        return;
      }
      const now = Date.now();
      const events = entries.map(
        ({ text, later, sent_at = later === NEVER ? now : null }): ParkedEvent => [text, sent_at],
      );
      hasParked = true;
      attempt((storage) => storage.setItem(prefix + me, JSON.stringify(events)));
    },
    others: () =>
      keys()
        .filter((key) => key !== prefix + me)
        .map((key) => [key, attempt((storage) => JSON.parse(storage.getItem(key) ?? "[]")) ?? []]),
    forget,
    clear: () => {
      for (const key of keys()) forget(key);
    },
  };
};
