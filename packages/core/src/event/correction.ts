/**
 * What makes an event a correction of another one: the last revision of an identity is what it counts for. Revision 0 is the event that
 * was recorded, without a correction.
 */
export interface Correction {
  /** Id of the event that is corrected; of the same tenant. */
  readonly event_id: string;
  /** 1, 2, 3 … for each event. A receiver keeps the highest, in whatever order they arrive. */
  readonly revision: number;
  /** `cancel`: it counts no more. `amend`: the correction's own fields count in its place. */
  readonly kind: CorrectionKind;
  /** In words, for people. */
  readonly reason: string;
  /** What counted for the identity before, by what was acknowledged; undefined where nothing surely did. */
  readonly replaced?: CountedUsage | undefined;
}

export type CorrectionKind = "cancel" | "amend";

/** What an event counted for. */
export interface CountedUsage {
  /** See `usageTime`. */
  readonly time: number;
  readonly usage: number;
}

/** The id of a correction: it follows from the event's and the revision, so that a repeat is one. */
export const correctionId = (event_id: string, revision: number): string => `${event_id}~${revision}`;

/** Whether a value read from storage is a correction, or none. */
export const isCorrectionOrNone = (value: unknown): value is Correction | undefined => {
  if (value === undefined) return true;
  if (typeof value !== "object" || value === null) return false;
  const field = (name: keyof Correction): unknown => Reflect.get(value, name);
  const replaced = field("replaced");
  return (
    typeof field("event_id") === "string" &&
    typeof field("revision") === "number" &&
    (field("kind") === "cancel" || field("kind") === "amend") &&
    typeof field("reason") === "string" &&
    (replaced === undefined || (typeof replaced === "object" && replaced !== null))
  );
};
