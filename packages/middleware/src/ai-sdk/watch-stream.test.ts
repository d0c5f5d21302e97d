import fc from "fast-check";
import { expect, test } from "vitest";
import { finish, type Part, partStream, usage, words } from "../../test/model.ts";
import type { ModelOutcome } from "../ai-sdk.ts";
import { watchStream } from "./watch-stream.ts";

const REPORTED = usage(12, 30);

interface Run {
  /** Text before the end. */
  readonly deltas: number;
  /** How the provider ends it. */
  readonly end: "finish" | "interrupted" | "close" | "error" | "silence";
  /** What the reader does after so many parts; later than the end: nothing. */
  readonly after: number;
  readonly act: "cancel" | "abort" | "stop";
  readonly readToEnd: boolean;
}

const run: fc.Arbitrary<Run> = fc.record({
  deltas: fc.nat({ max: 4 }),
  end: fc.constantFrom("finish", "interrupted", "close", "error", "silence"),
  after: fc.nat({ max: 9 }),
  act: fc.constantFrom("cancel", "abort", "stop"),
  readToEnd: fc.boolean(),
});

/** What can happen without time passing has happened. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

const follow = async ({ deltas, end, after, act, readToEnd }: Run) => {
  const parts: Part[] = words(...Array<string>(deltas).fill("x"));
  if (end === "finish" || end === "interrupted")
    parts.push(finish(REPORTED, end === "finish" ? "stop" : "interrupted"));
  const source = partStream(parts, (controller) => {
    if (end === "error") controller.error(new Error("broken off"));
    else if (end !== "silence") controller.close();
  });
  const ends: { readonly outcome: ModelOutcome; readonly usage: unknown }[] = [];
  const abort = new AbortController();
  const watched = watchStream(source.stream, {
    // The first one counts; there may be more.
    end: (outcome, reported) => ends.push({ outcome, usage: reported }),
    signal: abort.signal,
    readToEnd,
  });
  const reader = watched.getReader();
  const read: Part[] = [];
  let over: "closed" | "error" | undefined;
  // A provider that falls silent is not waited for.
  const most = Math.min(after, end === "silence" ? parts.length : Number.POSITIVE_INFINITY);
  while (read.length < most && over === undefined) {
    const next = await reader.read().catch(() => "error" as const);
    if (next === "error") over = "error";
    else if (next.done) over = "closed";
    else read.push(next.value);
  }
  const pulls = source.seen.pulls;
  await settled();
  // A stream that broke off rejects that, too.
  if (act === "cancel") await reader.cancel().catch(() => {});
  if (act === "abort") abort.abort();
  await settled();
  return { parts, read, over, ends, pulls, seen: source.seen };
};

test("the reader has the parts as they were, in order, and the stream ends as it did", async () => {
  await fc.assert(
    fc.asyncProperty(run, async (how) => {
      const { parts, read, over } = await follow(how);
      expect(read).toEqual(parts.slice(0, read.length));
      if (over !== undefined) {
        expect(read).toHaveLength(parts.length);
        expect(over).toBe(how.end === "error" ? "error" : "closed");
      }
    }),
  );
});

test("the end is told, once and rightly, however it comes", async () => {
  await fc.assert(
    fc.asyncProperty(run, async (how) => {
      const { parts, read, over, ends } = await follow(how);
      const reports = how.end === "finish" || how.end === "interrupted";
      const sawAll = how.readToEnd || read.length === parts.length;
      const sawEnd = reports ? sawAll : how.end !== "silence" && (how.readToEnd || over !== undefined);
      const [first] = ends;
      if (sawEnd) {
        expect(first).toEqual({
          outcome: how.end === "finish" ? "answered" : "failed",
          usage: reports ? REPORTED : undefined,
        });
      } else if (how.act === "abort") {
        expect(first).toEqual({ outcome: "aborted", usage: undefined });
      } else if (how.act === "cancel" && !how.readToEnd) {
        expect(first).toEqual({ outcome: "cancelled", usage: undefined });
      } else {
        expect(first).toBeUndefined();
      }
    }),
    { numRuns: 500 },
  );
});

test("the provider is asked for no more than is read, and is cancelled with the reader, unless it is read to its end", async () => {
  await fc.assert(
    fc.asyncProperty(run, async (how) => {
      const { read, pulls, seen, over } = await follow(how);
      if (how.readToEnd) {
        expect(seen.cancelled).toBe(false);
      } else {
        expect(pulls).toBe(read.length + (over === undefined ? 0 : 1));
        expect(seen.cancelled).toBe(how.act === "cancel" && over === undefined);
      }
    }),
  );
});
