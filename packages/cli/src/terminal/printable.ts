// Control characters except the tab, all kinds of line breaks, and characters that change the text direction.
const OBEYED = /[^\P{Cc}\t]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Removes what a terminal would interpret: text from a backend or a file may contain anything. */
export const printable = (text: string): string => text.replaceAll(OBEYED, "\uFFFD");
