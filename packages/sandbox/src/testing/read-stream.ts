/** One message of a stream of Server-Sent Events. */
export interface StreamMessage {
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly data: unknown;
}

const fieldOf = (block: string, name: string): string | undefined =>
  block
    .split("\n")
    .find((line) => line.startsWith(`${name}: `))
    ?.slice(name.length + 2);

/** Reads the messages of an answer one by one; comments are left out. */
export async function* readStream(response: Response): AsyncGenerator<StreamMessage> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = fieldOf(block, "data");
      if (data === undefined) continue;
      yield { event: fieldOf(block, "event"), id: fieldOf(block, "id"), data: JSON.parse(data) };
    }
  }
}
