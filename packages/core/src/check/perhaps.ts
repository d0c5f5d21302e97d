const LEAST_ALIKE = 0.4;

interface Likeable {
  readonly words: ReadonlySet<string>;
  readonly pairs: ReadonlySet<string>;
}

/** Suggests a known name for an unknown one: ` (perhaps "aggregation")`, or an empty text if none is similar. */
export const perhaps = (given: unknown, names: Iterable<string>): string => {
  if (typeof given !== "string") return "";
  const wanted = likeable(given);
  let best = "";
  let mostAlike = LEAST_ALIKE;
  for (const name of names) {
    const alike = likeness(wanted, likeable(name));
    if (alike > mostAlike) {
      mostAlike = alike;
      best = name;
    }
  }
  return best === "" ? "" : ` (perhaps ${JSON.stringify(best)})`;
};

const likeable = (name: string): Likeable => {
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const letters = words.join("");
  const pairs = Array.from({ length: Math.max(0, letters.length - 1) }, (_, at) => letters.slice(at, at + 2));
  return { words: new Set(words), pairs: new Set(pairs) };
};

/** Number of shared words; ties are broken by the share of letter pairs in common, from 0 to 1 (the Dice coefficient). */
const likeness = (one: Likeable, other: Likeable): number =>
  common(one.words, other.words) +
  (2 * common(one.pairs, other.pairs)) / Math.max(1, one.pairs.size + other.pairs.size);

const common = (one: ReadonlySet<string>, other: ReadonlySet<string>): number =>
  [...one].filter((part) => other.has(part)).length;
