import type { Contestant } from "./contestant.ts";
import { type Reading, takeReading } from "./take-reading.ts";

export interface Rounds {
  /** Readings by contestant, one for each round; undefined where a round failed. */
  readonly readings: ReadonlyMap<string, readonly (Reading | undefined)[]>;
  /** Who could not take part, and why. */
  readonly skipped: readonly string[];
}

/** Takes turns: every contestant once, then every contestant again, so that a machine that is slow for a while is slow for all. */
export const takeRounds = async (
  contestants: readonly Contestant[],
  rounds: number,
  events: number,
): Promise<Rounds> => {
  const skipped: string[] = [];
  const present: Contestant[] = [];
  for (const contestant of contestants) {
    const why = await contestant.missing?.();
    if (why === undefined) present.push(contestant);
    else skipped.push(`Skipped: ${contestant.name}, ${why}.`);
  }
  const readings = new Map<string, (Reading | undefined)[]>(present.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const { name, share = 1 } of present) {
      const reading = await takeReading(name, Math.ceil(events * share)).catch((error: unknown) => {
        skipped.push(`Failed in round ${round}: ${name}, ${error instanceof Error ? error.message : error}.`);
        return undefined;
      });
      readings.get(name)?.push(reading);
      console.error(
        `round ${round}: ${name}: ${reading === undefined ? "failed" : `${Math.round(reading.deliveredPerSecond)}/s`}`,
      );
    }
  }
  return { readings, skipped };
};

/** A figure of one over that of the other, round by round. */
export const ratios = (
  { readings }: Rounds,
  name: string,
  to: string,
  figure: "deliveredPerSecond" | "cpuMicrosPerEvent" = "deliveredPerSecond",
): readonly number[] => {
  const base = readings.get(to) ?? [];
  return (readings.get(name) ?? []).flatMap((reading, round) => {
    const other = base[round];
    return reading === undefined || other === undefined ? [] : [reading[figure] / other[figure]];
  });
};
