import type { DestinationFault, Outcome } from "@meter-lib/core/transport";
import { codeName, describeCode, isCredentialsCode, judgeCode } from "./judge-code.ts";
import { judgeConnection } from "./judge-connection.ts";
import type { Failed } from "./kafka-session.ts";
import type { ProduceLog } from "./produce-log.ts";

/** An outcome of records, or a fault of the destination. */
export type Verdict = Outcome | DestinationFault;

/** Interprets a failure before anything was sent. */
export const judgePreparation = ({ error, timeout }: Failed): DestinationFault =>
  timeout ? { kind: "unavailable", reason: "not sent: no connection in time" } : judgeConnection(error);

/**
 * Returns the outcome of the records sent to a partition, from all responses of its leaders.
 *
 * @param timeout - whether the wait ended before a response
 */
export const judgePartition = (log: ProduceLog, partition: number, timeout: boolean): Verdict => {
  const error = log.errorOf(partition);
  if (!log.hasLeft(partition)) return judgePreparation({ error, timeout });
  if (log.isWritten(partition)) return { state: "acknowledged" };
  const codes = log.codesOf(partition);
  const last = codes.at(-1);
  if (last === undefined || log.isOpen(partition)) {
    const reason = timeout ? "no answer in time" : `the connection broke: ${judgeConnection(error).reason}`;
    return { state: "unsure", reason, timeout: timeout || undefined };
  }
  const doubt = codes.find((code) => judgeCode(code) === "unsure");
  if (doubt !== undefined) return { state: "unsure", reason: describeCode(doubt) };
  const reason = describeCode(last);
  switch (judgeCode(last)) {
    case "refused":
      return { state: "rejected", reason };
    case "blocked":
      return { kind: "blocked", reason, credentials: isCredentialsCode(codeName(last)) || undefined };
    default:
      return { state: "retry", reason };
  }
};
