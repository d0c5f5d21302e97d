import type { Transport } from "meter-lib";

/** The transport, on a network that delivers every batch and then loses the answers to some of them. */
export const loseAnswers = (transport: Transport, batchesThatLose: ReadonlySet<number>): Transport => {
  let batches = 0;
  return {
    ...transport,
    send: async (batch, context) => {
      const answer = await transport.send(batch, context);
      batches++;
      if (!batchesThatLose.has(batches)) return answer;
      return { every: { state: "unsure", reason: "the answer was lost on the way" } };
    },
  };
};
