/** A UUIDv7 (RFC 9562), as core's `createEventId` makes them; this one is small instead of fast. */
export const pageEventId = (now: number): string => {
  const time = now.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7xxx-8xxx-xxxxxxxxxxxx`.replace(/x/g, () =>
    (Number(crypto.getRandomValues(new Uint8Array(1))) & 15).toString(16),
  );
};
