import * as v from "valibot";
import type { JsonReader, Params } from "../ledger/json-reader.ts";

const ingested = v.object({
  event: v.object({
    id: v.string(),
    source: v.string(),
    type: v.string(),
    subject: v.string(),
    time: v.nullish(v.pipe(v.string(), v.isoTimestamp())),
    data: v.nullish(v.record(v.string(), v.unknown())),
  }),
  ingested_at: v.pipe(v.string(), v.isoTimestamp()),
  validation_errors: v.nullish(v.array(v.object({ code: v.string(), message: v.string() })), []),
});

/** An ingested event (`MeteringIngestedEvent` of api/v3/openapi.yaml), with its validation errors. */
export type IngestedEvent = v.InferOutput<typeof ingested>;

const page = v.object({
  data: v.array(ingested),
  meta: v.object({ page: v.object({ next: v.nullish(v.string()) }) }),
});

/** OpenMeter's list of events, page by page. */
export const ingestedEvents = async function* (
  read: JsonReader,
  params: Params,
): AsyncGenerator<IngestedEvent, void, undefined> {
  let after: string | undefined;
  for (;;) {
    const answer = v.parse(
      page,
      await read("/api/v3/openmeter/events", { ...params, "page[size]": 100, "page[after]": after }),
    );
    yield* answer.data;
    const next = answer.meta.page.next ?? undefined;
    after = next === undefined ? undefined : cursorOf(next);
    if (after === undefined || answer.data.length === 0) return;
  }
};

/** The next page is given as a URL, or as the cursor in it. */
const cursorOf = (next: string): string =>
  new URL(next, "http://localhost").searchParams.get("page[after]") ?? next;
