/** A UUIDv7 (RFC 9562), as core's `createEventId` makes them; this one is small instead of fast. */
export const pageEventId = (now: number): string => {
  const random = crypto.getRandomValues(new Uint32Array(3));
  const hex = [...random].map((word) => word.toString(16).padStart(8, "0")).join("");
  const time = now.toString(16).padStart(12, "0");
  // Version 7, variant 10 in binary.
  const digits = `${time}7${hex.slice(0, 3)}${"89ab"[hex.charCodeAt(23) % 4]}${hex.slice(3, 18)}`;
  return digits.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
};
