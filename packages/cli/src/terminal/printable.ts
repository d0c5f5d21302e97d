// Control characters but the tab, ends of lines of all kinds, and what turns the direction of what follows.
const OBEYED = /[^\P{Cc}\t]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** The text without what a terminal obeys: what comes from a backend or a file may hold any of it. */
export const printable = (text: string): string => text.replaceAll(OBEYED, "\uFFFD");
