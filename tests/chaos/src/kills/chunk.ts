/** How many events the writer records at a time; it prints a line when they are durable. */
export const CHUNK = 20;
