/** Reads a body as text, up to a number of bytes. Rejects if the connection breaks. */
export const readText = async (
  response: Response,
  maxBytes: number,
): Promise<{ readonly text: string; readonly whole: boolean }> => {
  if (response.body === null) return { text: "", whole: true };
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let left = maxBytes;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { text: text + decoder.decode(), whole: true };
    if (value.byteLength > left) {
      reader.cancel().catch(() => {});
      return { text: text + decoder.decode(value.subarray(0, left)), whole: false };
    }
    left -= value.byteLength;
    text += decoder.decode(value, { stream: true });
  }
};
