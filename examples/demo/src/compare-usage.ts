/** A sum of usage, expected or counted. */
export interface UsageSum {
  readonly tenant_id: string;
  readonly customer_id: string;
  readonly meter_id: string;
  readonly hour?: number;
  readonly events: number;
  readonly total_usage: number;
  readonly duration_ms: number;
}

const FIELDS = ["events", "total_usage", "duration_ms"] as const;

const nameOf = ({ customer_id, tenant_id, meter_id, hour }: UsageSum): string =>
  `${customer_id}, ${tenant_id}, ${meter_id}, ${hour === undefined ? "no hour" : new Date(hour).toISOString()}`;

/** In words, every figure in which what was counted differs from what was expected. Empty when all agree. */
export const compareUsage = (
  expected: readonly UsageSum[],
  counted: readonly UsageSum[],
): readonly string[] => {
  const left = new Map(counted.map((sum) => [nameOf(sum), sum]));
  const differences: string[] = [];
  for (const sum of expected) {
    const name = nameOf(sum);
    const found = left.get(name);
    left.delete(name);
    for (const field of FIELDS) {
      const got = found?.[field] ?? 0;
      if (got !== sum[field]) differences.push(`${name}: expected ${field} ${sum[field]}, got ${got}`);
    }
  }
  for (const [name, sum] of left)
    differences.push(`${name}: expected nothing, got ${sum.events} events of ${sum.total_usage} units`);
  return differences;
};
