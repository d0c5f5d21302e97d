// What a rate of events needs, from what `measure` and `throughput` print on a machine like yours:
// `pnpm usage-pipeline capacity --rates 10000,1000000 --per-core 9000 --topic-bytes 61 --state-bytes 43 …`. Arithmetic only.
import { parseArgs } from "node:util";

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    /** Events per second, the mean of a day. */
    rates: { type: "string", default: "10000,1000000" },
    /** The busiest minute as a multiple of the mean. */
    peak: { type: "string", default: "1.5" },
    /** How much faster than its load the job must be, so that it catches up after a stop. */
    spare: { type: "string", default: "1.5" },
    /** `measure`: events/s per core of the job. */
    "per-core": { type: "string" },
    /** `measure`: processor time of the broker and of PostgreSQL, in µs per event. */
    "broker-micros": { type: "string" },
    "postgres-micros": { type: "string" },
    /** `measure`: bytes per event in the topic. */
    "topic-bytes": { type: "string" },
    /** `measure`: bytes per event in the state of the dedup. */
    "state-bytes": { type: "string" },
    /** `throughput`: processor time of an SDK process, in µs per event. */
    "sdk-micros": { type: "string" },
    replicas: { type: "string", default: "3" },
    "retention-days": { type: "string", default: "7" },
    "window-days": { type: "string", default: "7" },
  },
});

const given = (name: keyof typeof values): number => {
  const number = Number(values[name]);
  if (values[name] === undefined || !(number > 0)) throw new Error(`--${name} must be a number above 0`);
  return number;
};

const DAY_S = 86_400;
const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

const spellBytes = (bytes: number): string => {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toPrecision(3)} ${UNITS[power]}`;
};

const busiest = given("peak") * given("spare");
const atLeastOne = (cores: number): number => Math.max(1, Math.ceil(cores));

console.table(
  Object.fromEntries(
    values.rates.split(",").map((text) => {
      const rate = Number(text);
      const jobCores = atLeastOne((rate * busiest) / given("per-core"));
      const replicas = given("replicas");
      const state = rate * DAY_S * given("window-days") * given("state-bytes");
      return [
        `${rate.toLocaleString("en")} events/s`,
        {
          "job: cores": jobCores,
          // Each task reads whole partitions.
          "topic: partitions, at least": jobCores,
          "brokers: cores": atLeastOne((rate * busiest * replicas * given("broker-micros")) / 1e6),
          "brokers: disk": spellBytes(
            rate * given("topic-bytes") * DAY_S * given("retention-days") * replicas,
          ),
          "brokers: in": `${spellBytes(rate * given("topic-bytes"))}/s`,
          "dedup: identities": `${((rate * DAY_S * given("window-days")) / 1e9).toPrecision(3)} billion`,
          "dedup: state": spellBytes(state),
          "dedup: state per core": spellBytes(state / jobCores),
          "PostgreSQL: cores": atLeastOne((rate * busiest * given("postgres-micros")) / 1e6),
          "SDK: cores of all services": atLeastOne((rate * busiest * given("sdk-micros")) / 1e6),
        },
      ];
    }),
  ),
);
