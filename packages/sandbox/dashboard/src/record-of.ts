/** The record of a batch in the `kafka-rest` dialect as JSON, and how many the batch has; undefined where the body is none, or nests too deep. */
export const recordOf = (
  body: string | null,
  position: number,
): { readonly text: string; readonly of: number } | undefined => {
  try {
    const { records } = JSON.parse(body ?? "");
    return Array.isArray(records) && position < records.length
      ? { text: JSON.stringify(records[position], null, 2), of: records.length }
      : undefined;
  } catch {
    return undefined;
  }
};
