import { readFileSync } from "node:fs";
import * as v from "valibot";

const Row = v.object({
  server: v.picklist(["confluent", "karapace", "strimzi"]),
  case: v.string(),
  what: v.string(),
  status: v.number(),
  content_type: v.optional(v.string(), ""),
  body: v.string(),
  results: v.optional(v.string()),
  errors: v.optional(v.string()),
});

export interface RecordedAnswer {
  readonly server: "confluent" | "karapace" | "strimzi";
  readonly case: string;
  readonly what: string;
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const FIRST_RESULT = /\{"offsets":\[(\{[^}]*\})|"offsets":\[(\{[^}]*\})/;

/** Long bodies were cut when they were kept; those of batches without errors are all alike, so that they can be made whole. */
const whole = (row: v.InferOutput<typeof Row>): string => {
  if (!row.body.includes("…") && !row.body.includes("chars)...")) return row.body;
  if (row.errors !== "0") return row.body.replace(/,"erro…$/, ',"error_code":null,"error":null}]}');
  const match = FIRST_RESULT.exec(row.body);
  const result = match?.[1] ?? match?.[2];
  if (result === undefined) throw new Error(`${row.server} ${row.case}: no result to repeat`);
  return `{"offsets":[${new Array(Number(row.results)).fill(result).join(",")}]}`;
};

/** What three Kafka REST servers answered; see README.md here. */
export const recordedAnswers: readonly RecordedAnswer[] = v
  .parse(v.array(Row), JSON.parse(readFileSync(new URL("kafka-rest-answers.json", import.meta.url), "utf8")))
  // A body that was sent compressed was kept as it came, and one of 90,000 results answers no request of ours.
  .filter((row) => !(row.case === "n2" && row.server === "confluent") && row.case !== "j4")
  .map((row) => ({
    server: row.server,
    case: row.case,
    what: row.what,
    status: row.status,
    contentType: row.content_type,
    body: row.status === 200 ? whole(row) : row.body,
  }));
