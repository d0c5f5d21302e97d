import fc from "fast-check";
import { expect, test } from "vitest";
import { type SeqRange, seqRanges, withoutRanges } from "./seq-range.ts";

const numbers = (ranges: readonly SeqRange[]): number[] =>
  ranges.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, offset) => from + offset));

const someNumbers = fc.uniqueArray(fc.integer({ min: 1, max: 60 })).map((seqs) => seqs.sort((a, b) => a - b));

test("ranges stand for their numbers, and are never next to each other", () => {
  fc.assert(
    fc.property(someNumbers, (seqs) => {
      const ranges = seqRanges(seqs);
      expect(numbers(ranges)).toEqual(seqs);
      ranges.forEach(({ from }, index) => {
        expect(from).toBeGreaterThan((ranges[index - 1]?.to ?? -1) + 1);
      });
    }),
  );
});

test("what is left of ranges is what the others do not have", () => {
  fc.assert(
    fc.property(someNumbers, someNumbers, (seqs, others) => {
      const left = withoutRanges(seqRanges(seqs), seqRanges(others));
      expect(numbers(left)).toEqual(seqs.filter((seq) => !others.includes(seq)));
    }),
  );
});
