import { protocolErrors } from "@platformatic/kafka";
import { expect, test } from "vitest";
import { judgePartition } from "./judge-partition.ts";
import { ProduceLog } from "./produce-log.ts";

type Step = "left" | readonly (readonly [partition: number, code: string])[] | "garbage";

/** What the wire saw, in order: requests that left, and answers with a code for each partition. */
const logOf = (...steps: readonly Step[]): ProduceLog => {
  const log = new ProduceLog();
  for (const step of steps) {
    if (step === "left") log.left();
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
const FAILED = { error: new Error("Connection closed"), timeout: false };

const verdict = (partition: number, ...steps: readonly Step[]): string => {
  const judged = judgePartition(logOf(...steps), partition, FAILED);
  return "kind" in judged ? judged.kind : judged.state;
};

test("nothing left: nothing was processed", () => {
  expect(verdict(0)).toBe("unavailable");
});

test("a request without an answer leaves every record in doubt, but for those that are known to be written", () => {
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
    // All requests were answered, and none spoke of this one.
    "retry",
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
  expect(logOf("left", [[0, name]]).isInDoubt).toBe(true);
  // And a later refusal does not take that back.
  expect(verdict(0, "left", [[0, name]], "left", [[0, "NOT_ENOUGH_REPLICAS"]])).toBe("unsure");
});

test("a code that nobody has heard of is unsure", () => {
  const log = new ProduceLog();
  log.left();
  log.answered({ responses: [{ partitionResponses: [{ index: 0, errorCode: 9_999 }] }] });
  expect(judgePartition(log, 0, FAILED)).toMatchObject({
    state: "unsure",
    reason: expect.stringContaining("9999"),
  });
});
