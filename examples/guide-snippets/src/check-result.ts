// The guide's check of the result.
import type { BackendAnswer } from "meter-lib";

export const checkResult = (result: BackendAnswer | null): void => {
  if (result === null) console.log("Failed to post meter usage event");
  else console.log("Event accepted:", result);
};
