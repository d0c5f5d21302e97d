import type { Broker } from "@platformatic/kafka";
import { expect, test } from "vitest";
import { LeaderDirectory } from "./leader-directory.ts";
import { topicLeaders } from "./topic-leaders.ts";

const brokers = [1, 2, 3].map((nodeId) => ({ nodeId, host: `kafka-${nodeId}`, port: 9092 }));
const [first, second, third] = brokers.map(({ host, port }): Broker => ({ host, port }));

/** An answer to a metadata request, with a leader for each partition in order. */
const answer = (leaders: readonly number[], errorCode = 0) => ({
  brokers,
  topics: [
    { errorCode, partitions: leaders.map((leaderId, partitionIndex) => ({ leaderId, partitionIndex })) },
  ],
});

test("a partition without a leader does not hide those of the others", () => {
  const leaders = topicLeaders(answer([2, -1, 3]));
  expect(leaders?.partitions).toBe(3);
  expect([0, 1, 2].map((partition) => leaders?.leaderOf(partition))).toEqual([second, undefined, third]);
});

test("what does not describe the topic says nothing", () => {
  const unknownTopic = 3;
  expect(topicLeaders(answer([], unknownTopic))).toBeUndefined();
  expect(topicLeaders({ brokers, topics: [] })).toBeUndefined();
  expect(topicLeaders(undefined)).toBeUndefined();
});

/** A directory with one broker configured, and whom it asked. */
const directory = () => {
  const asked: (readonly Broker[])[] = [];
  const replies: (readonly number[] | Error)[] = [];
  const known = new LeaderDirectory([{ host: "first", port: 1 }], async (all) => {
    asked.push(all);
    const reply = replies.shift() ?? [1];
    if (reply instanceof Error) throw reply;
    const leaders = topicLeaders(answer(reply));
    if (leaders === undefined) throw new Error("no topic");
    return leaders;
  });
  return { known, asked, replies };
};

test("it is asked once, and again when its word was wrong", async () => {
  const { known, asked, replies } = directory();
  replies.push([1], [2]);
  expect((await known.get()).leaderOf(0)).toEqual(first);
  expect((await known.get()).leaderOf(0)).toEqual(first);
  expect(asked.length).toBe(1);
  known.forget();
  expect((await known.get()).leaderOf(0)).toEqual(second);
});

test("after a miss another broker is asked first, also one that the cluster named itself", async () => {
  const { known, asked, replies } = directory();
  await known.get();
  for (let i = 0; i < 4; i++) {
    known.forget();
    replies.push(new Error("no answer"));
    await expect(known.get()).rejects.toThrow("no answer");
  }
  expect(asked.map(([host]) => host?.host)).toEqual(["first", "first", "kafka-1", "kafka-2", "kafka-3"]);
  expect(asked.at(-1)).toHaveLength(4);
});
