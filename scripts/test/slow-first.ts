import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take longer than half a minute on two cores, or nearly. */
const SLOW: readonly string[] = [
  "leader-change",
  "dashboard",
  "page-life",
  "kafka-faults",
  "kills",
  "kafka-transport",
  "type-tests",
  "type-cost",
  "import",
  "browser-chat",
  "pipeline",
  "postgres-outbox",
  "postgres-store",
  "billing-run",
  "sqlite-outbox",
];

const isSlow = ({ moduleId }: TestSpecification): boolean =>
  SLOW.some((name) => moduleId.includes(`/${name}.`));

/** Starts slow files first, so that none of them is left running alone at the end. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const [slow, others] = [true, false].map((wanted) => files.filter((file) => isSlow(file) === wanted));
    return [...(slow ?? []), ...(await super.sort(others ?? []))];
  }
}
