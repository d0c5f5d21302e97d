import fc from "fast-check";
import { expect, test } from "vitest";
import { readServerSentEvents, type ServerSentEvent } from "./server-sent-events.ts";

const read = async (pieces: readonly Uint8Array[]): Promise<readonly ServerSentEvent[]> => {
  const found: ServerSentEvent[] = [];
  async function* stream() {
    yield* pieces;
  }
  for await (const message of readServerSentEvents(stream())) found.push(message);
  return found;
};
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("kind, id and data; comments and unknown fields are passed over", async () => {
  const text =
    ": hello\n\nid: 7\nevent: skipped\nretry: 5\ndata: {}\n\ndata:one\ndata: two\ndata\n\ndata: lost";
  expect(await read([bytes(text)])).toEqual([
    { event: "skipped", id: "7", data: "{}" },
    { event: "message", id: "7", data: "one\ntwo\n" },
  ]);
});

test("wherever the pieces are cut and whatever ends a line", async () => {
  const messages = fc.array(
    fc.record({ id: fc.nat(), data: fc.string({ unit: fc.constantFrom("a", "ü", "😀", ":", " ") }) }),
    { minLength: 1, maxLength: 5 },
  );
  await fc.assert(
    fc.asyncProperty(
      messages,
      fc.constantFrom("\n", "\r\n", "\r"),
      fc.array(fc.nat(200), { maxLength: 8 }),
      async (all, end, cuts) => {
        const text = all.map(({ id, data }) => `id: ${id}${end}data: ${data}${end}${end}`).join("");
        // A break of one carriage return is whole only once something else follows.
        const whole = bytes(`${text}: end\n`);
        const places = [0, ...cuts.map((cut) => cut % whole.length).sort((a, b) => a - b), whole.length];
        const pieces = places.slice(1).map((to, i) => whole.subarray(places[i], to));
        const expected = all.map(({ id, data }) => ({ event: "message", id: `${id}`, data }));
        expect(await read(pieces)).toEqual(expected);
      },
    ),
  );
});
