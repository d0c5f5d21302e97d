/** The text without control characters: a terminal obeys them, and what comes from a backend or a file may hold any. */
export const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, "\uFFFD");
