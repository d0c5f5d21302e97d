const PAUSE_MS = 600;

/** Stands in for a model: it takes a moment, and answers the same question the same way. */
export const answerQuestion = async (question: string): Promise<string> => {
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  const words = question.split(/\s+/).filter((word) => word !== "").length;
  return `You asked with ${words} ${words === 1 ? "word" : "words"}. A real assistant would say more; it would be metered the same.`;
};
