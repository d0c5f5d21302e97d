import { protocolErrors } from "@platformatic/kafka";
import { expect, test } from "vitest";
import { judgePartition } from "./judge-partition.ts";
import { ProduceLog } from "./produce-log.ts";

type Step = "left" | readonly (readonly [partition: number, code: string])[] | "garbage";

/** These are in each request; partition 4 is in none. */
const SENT = [0, 1, 2, 3];

/** What the wire saw, in order: requests that left, and answers with a code for each partition. */
const logOf = (...steps: readonly Step[]): ProduceLog => {
  const log = new ProduceLog();
  for (const step of steps) {
    if (step === "left") for (const partition of SENT) log.left(partition);
    else if (step === "garbage") log.answered({ responses: "?" });
    else {
      const partitionResponses = step.map(([index, name]) => ({
        index,
        errorCode: protocolErrors[name]?.code,
      }));
      log.answered({ responses: [{ name: "t", partitionResponses }] });
    }
  }
  return log;
};

const verdict = (partition: number, ...steps: readonly Step[]): string => {
  const judged = judgePartition(logOf(...steps), partition, false);
  return "kind" in judged ? judged.kind : judged.state;
};

test("nothing left: nothing was processed", () => {
  expect(verdict(0)).toBe("unavailable");
});

test("a request without an answer leaves its records in doubt, but for those that are known to be written", () => {
  expect(verdict(0, "left")).toBe("unsure");
  expect(verdict(0, "left", "left", [[1, "NONE"]])).toBe("unsure");
  expect(verdict(1, "left", "left", [[1, "NONE"]])).toBe("acknowledged");
  // The second attempt was refused; of the first nobody knows.
  expect(verdict(0, "left", "left", [[0, "MESSAGE_TOO_LARGE"]])).toBe("unsure");
  expect(verdict(0, "left", "garbage")).toBe("unsure");
});

test("the answer to the repeat of a request resolves the doubt", () => {
  expect(verdict(0, "left", "left", [[0, "NONE"]])).toBe("acknowledged");
  expect(verdict(0, "left", "left", [[0, "DUPLICATE_SEQUENCE_NUMBER"]])).toBe("acknowledged");
  expect(verdict(0, "left", [[0, "NOT_LEADER_OR_FOLLOWER"]], "left", [[0, "NONE"]])).toBe("acknowledged");
});

test("each partition has its own outcome", () => {
  const steps: readonly Step[] = [
    "left",
    [
      [0, "NONE"],
      [1, "MESSAGE_TOO_LARGE"],
      [2, "NOT_ENOUGH_REPLICAS"],
      [3, "TOPIC_AUTHORIZATION_FAILED"],
    ],
  ];
  expect([0, 1, 2, 3, 4].map((partition) => verdict(partition, ...steps))).toEqual([
    "acknowledged",
    "rejected",
    "retry",
    "blocked",
    // Nobody was there to send it to.
    "unavailable",
  ]);
});

test.each([
  "REQUEST_TIMED_OUT",
  "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
  "NOT_LEADER_OR_FOLLOWER",
  "UNKNOWN_TOPIC_OR_PARTITION",
  "KAFKA_STORAGE_ERROR",
  "UNKNOWN_SERVER_ERROR",
  "NETWORK_EXCEPTION",
] as const)("%s may come after the write", (name) => {
  expect(verdict(0, "left", [[0, name]])).toBe("unsure");
  expect(logOf("left", [[0, name]]).isWorthAsking(0)).toBe(true);
  // And a later refusal does not take that back.
  expect(verdict(0, "left", [[0, name]], "left", [[0, "NOT_ENOUGH_REPLICAS"]])).toBe("unsure");
});

test("a code that nobody has heard of is unsure", () => {
  const log = new ProduceLog();
  log.left(0);
  log.answered({ responses: [{ partitionResponses: [{ index: 0, errorCode: 9_999 }] }] });
  expect(judgePartition(log, 0, false)).toMatchObject({
    state: "unsure",
    reason: expect.stringContaining("9999"),
  });
});

test("whoever has an answer, or cannot get another one, does not ask again", () => {
  const worthAsking = (...steps: readonly Step[]) => logOf(...steps).isWorthAsking(0);
  expect(worthAsking()).toBe(false);
  expect(worthAsking("left")).toBe(true);
  expect(worthAsking("left", [[0, "NONE"]])).toBe(false);
  expect(worthAsking("left", [[0, "NOT_ENOUGH_REPLICAS"]])).toBe(false);
  // Its replicas may come back, and then the leader looks at the number of the request.
  expect(worthAsking("left", "left", [[0, "NOT_ENOUGH_REPLICAS"]])).toBe(true);
  expect(worthAsking("left", "left", [[0, "MESSAGE_TOO_LARGE"]])).toBe(false);
  expect(worthAsking("left", "left", [[0, "OUT_OF_ORDER_SEQUENCE_NUMBER"]])).toBe(false);
  expect(worthAsking("left", [[0, "NOT_LEADER_OR_FOLLOWER"]], "left", [[0, "NONE"]])).toBe(false);
});

test("a producer ends with its doubt, and with the broker's memory of it", () => {
  const ends = (...steps: readonly Step[]) => logOf(...steps).endsSession;
  expect(
    ends(
      "left",
      SENT.map((partition) => [partition, "NONE"] as const),
    ),
  ).toBe(false);
  expect(
    ends(
      "left",
      SENT.map((partition) => [partition, "NOT_ENOUGH_REPLICAS"] as const),
    ),
  ).toBe(false);
  expect(
    ends(
      "left",
      SENT.map((partition) => [partition, "UNKNOWN_PRODUCER_ID"] as const),
    ),
  ).toBe(true);
  expect(ends("left", [[0, "NONE"]])).toBe(true);
});
