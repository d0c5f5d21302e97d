/** How many events the writer records at a time. */
export const CHUNK = 20;
/** It prints a line when they are issued, and one when they are durable. */
export const LINES_OF_CHUNK = 2;
