const LEAST_ALIKE = 0.4;

interface Likeable {
  readonly words: ReadonlySet<string>;
  readonly pairs: ReadonlySet<string>;
}

/** Names what was probably meant by a name that is none: ` (perhaps "aggregation")`, or nothing when nothing is like it. */
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

/** How many words both have, and among equals the share of pairs of letters that both have, from 0 to 1 (the coefficient of Dice). */
const likeness = (one: Likeable, other: Likeable): number =>
  common(one.words, other.words) +
  (2 * common(one.pairs, other.pairs)) / Math.max(1, one.pairs.size + other.pairs.size);

const common = (one: ReadonlySet<string>, other: ReadonlySet<string>): number =>
  [...one].filter((part) => other.has(part)).length;
