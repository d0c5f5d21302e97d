/** What the backend counted for this page's tenant. */
export interface ChatUsage {
  /** How long the assistant was on, in sessions that have ended. */
  readonly onMs: number;
  readonly sessions: number;
  readonly questions: number;
  readonly answerMs: number;
}

/** Undefined while the server does not answer. */
export const readUsage = async (): Promise<ChatUsage | undefined> => {
  try {
    const answer = await fetch("/api/usage");
    if (!answer.ok) return undefined;
    const usage: ChatUsage = await answer.json();
    return usage;
  } catch {
    return undefined;
  }
};
