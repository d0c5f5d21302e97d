import type { SendAnswer } from "@meter-lib/core/transport";
import { afterAll, beforeAll, expect, test } from "vitest";
import { recordedAnswers } from "../test/kafka-rest-answers.ts";
import { type LoopbackServer, loopbackServer } from "../test/loopback-server.ts";
import { outcomesOf } from "../test/outcomes-of.ts";
import { outgoingEvent } from "../test/outgoing-event.ts";
import { fetchTransport } from "./fetch-transport.ts";

/**
 * What each recorded answer says about the records of its request, written down by hand: one letter for each record,
 * or the destination's fault, which left all of them unstored.
 * A: stored. U: stored or not, nobody knows. R: this record will never be stored.
 * The columns are Confluent, Karapace, Strimzi; a blank one was not asked.
 */
const VERDICTS: Readonly<Record<string, readonly [string, string, string]>> = {
  a1: ["A", "A", "A"],
  a2: ["A", "A", "A"],
  b1: ["A×500", "A×500", "A×500"],
  c1: ["A", "A", "A"],
  c2: ["A", "A", "A"],
  c3: ["A", "A", "invalid"],
  c4: ["A", "A", "invalid"],
  c5: ["A×500", "A×500", "A×500"],
  c6: ["A", "A", "A"],
  c7: ["A", "A", "invalid"],
  // Karapace stored a null and says so with offset −1.
  c8: ["A", "U", "A"],
  c9: ["A", "U", "invalid"],
  c10: ["A", "A", "invalid"],
  c11: ["A", "A", "A"],
  c12: ["A", "A", "A"],
  c13: ["A", "A", "A"],
  // "not present in metadata" after 60 s: such records were found stored later.
  d1: ["U", "blocked", "U"],
  d2: ["UUU", "blocked", "UUU"],
  d3: ["blocked", "blocked", "blocked"],
  e1: ["invalid", "invalid", "invalid"],
  e2: ["invalid", "invalid", "invalid"],
  e3: ["invalid", "invalid", "invalid"],
  e4: ["invalid", "invalid", "invalid"],
  e5: ["invalid", "invalid", "invalid"],
  e6: ["invalid", "invalid", "invalid"],
  e7: ["invalid", "invalid", "invalid"],
  e8: ["invalid", "invalid", "invalid"],
  e9: ["invalid", "invalid", "invalid"],
  f1: ["invalid", "invalid", "invalid"],
  f2: ["invalid", "invalid", "invalid"],
  g1: ["invalid", "invalid", "invalid"],
  g2: ["invalid", "invalid", "invalid"],
  g3: ["A", "A", "invalid"],
  g4: ["invalid", "invalid", "invalid"],
  h1: ["blocked", "invalid", "invalid"],
  h2: ["invalid", "invalid", "invalid"],
  h3: ["A", "A", "invalid"],
  h4: ["blocked", "blocked", "invalid"],
  h5: ["blocked", "invalid", "invalid"],
  h6: ["blocked", "A", "invalid"],
  h7: ["blocked", "A", "invalid"],
  h8: ["invalid", "invalid", "A"],
  i1: ["R", "too_large", "R"],
  i2: ["AARAA", "too_large", "AARAA"],
  i3: ["A", "A", "A"],
  j0: ["A×500", "A×500", "A×500"],
  j1: ["A×500", "too_large", "A×500"],
  j2: ["A×500", "too_large", "A×500"],
  j3: ["A×500", "too_large", "A×500"],
  l1: ["invalid", "invalid", "A"],
  l2: ["invalid", "invalid", "invalid"],
  l3: ["invalid", "invalid", "invalid"],
  // Strimzi took a request without records; for one with a record its empty list says nothing.
  m1: ["invalid", "invalid", "U"],
  m2: ["invalid", "invalid", "invalid"],
  n1: ["invalid", "A", "invalid"],
  n2: ["", "A×500", "A×500"],
  n3: ["invalid", "A", "invalid"],
  o0: ["A", "A", "A"],
  o1: ["A", "A", "A"],
  o2: ["blocked", "", ""],
  o3: ["A", "", ""],
  o4: ["blocked", "", ""],
  o5: ["A", "A", "A"],
  o6: ["blocked", "", ""],
  o7: ["blocked", "", ""],
  o8: ["A", "", ""],
  o9: ["blocked", "", ""],
  o10: ["blocked", "", ""],
  p1: ["A", "A", "A"],
  p2: ["U", "U", "U"],
  p3: ["U", "A", "invalid"],
  p4: ["A", "A", "invalid"],
  p5: ["A", "A", "A"],
  p6: ["A", "A", "invalid"],
  p7: ["U", "blocked", "U"],
  p8: ["A", "A", "invalid"],
  p9: ["AUA", "AUA", "AUA"],
  q1: ["invalid", "invalid", "A"],
  q2: ["invalid", "invalid", "invalid"],
  q3: ["invalid", "invalid", "invalid"],
  // A 500 in a record's result may come after the write.
  q4: ["invalid", "invalid", "U"],
  q5: ["invalid", "invalid", "invalid"],
  // 204 is Strimzi's answer to ?async=true, for lost records too.
  r1: ["A", "A", "U"],
  r2: ["U", "blocked", "U"],
  r3: ["R", "too_large", "U"],
  r4: ["A", "A", "A"],
  r5: ["A", "A", "invalid"],
  s1: ["A", "A", "A"],
  s4: ["blocked", "blocked", "A"],
  s5: ["blocked", "blocked", "blocked"],
};
const COLUMNS = ["confluent", "karapace", "strimzi"] as const;
const LETTERS = { acknowledged: "A", unsure: "U", rejected: "R", retry: "certainly not stored" } as const;

const spelledOut = (verdict: string): string =>
  verdict.replace(/^(.)×(\d+)$/, (_, letter: string, count: string) => letter.repeat(Number(count)));

const spell = (answer: SendAnswer, records: number): string =>
  answer.fault?.kind ??
  outcomesOf(answer, records)
    .map(({ state }) => LETTERS[state])
    .join("");

let server: LoopbackServer;
beforeAll(async () => {
  server = await loopbackServer((response, { headers }) => {
    const row = recordedAnswers[Number(headers["x-row"])];
    if (row === undefined) throw new Error("no such recording");
    const { status, contentType, body } = row;
    response
      .writeHead(status, contentType === "" ? {} : { "content-type": contentType })
      .end(status === 204 ? undefined : body);
  });
});
afterAll(() => server[Symbol.asyncDispose]());

const rows = recordedAnswers.map((row, index) => {
  const verdict = VERDICTS[row.case]?.[COLUMNS.indexOf(row.server)] ?? "";
  return { ...row, index, verdict };
});

test("every recorded answer has a verdict", () => {
  expect(rows.filter(({ verdict }) => verdict === "").map((row) => `${row.case} ${row.server}`)).toEqual([]);
  expect(rows.length).toBe(251);
});

test.each(rows)("$server $case ($what): $status", async ({ index, verdict }) => {
  const expected = spelledOut(verdict);
  const records = /^[AUR]+$/.test(expected) ? expected.length : 1;
  const transport = fetchTransport({
    baseUrl: server.url,
    dialect: "kafka-rest",
    headers: { "x-row": String(index) },
  });
  const events = Array.from({ length: records }, (_, i) =>
    outgoingEvent({ event_id: `event-${i}`, seq: i + 1 }),
  );
  const answer = await transport.send({ events }, { signal: AbortSignal.timeout(60_000), deadline: 0 });
  expect(spell(answer, records)).toBe(expected);
});
