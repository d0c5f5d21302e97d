/** The record of a batch in the `kafka-rest` dialect, and how many the batch has; undefined where the body is none. */
export const recordOf = (
  body: string | null,
  position: number,
): { readonly value: unknown; readonly of: number } | undefined => {
  try {
    const { records } = JSON.parse(body ?? "");
    return Array.isArray(records) && position < records.length
      ? { value: records[position], of: records.length }
      : undefined;
  } catch {
    return undefined;
  }
};
