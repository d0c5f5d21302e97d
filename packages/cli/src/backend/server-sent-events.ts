/** One message of a stream of Server-Sent Events. */
export interface ServerSentEvent {
  /** Its type; `message` by default. */
  readonly event: string;
  /** The last id received; empty before the first. */
  readonly id: string;
  readonly data: string;
}

const LINE_BREAK = /\r\n|\n|\r/;

/**
 * Reads a stream of Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html). Drops a message that is cut off by
 * the end of the stream, as the standard requires.
 *
 * @param onBytes - called for every piece, including comments: a sign of life
 */
export async function* readServerSentEvents(
  pieces: AsyncIterable<Uint8Array>,
  onBytes: () => void = () => {},
): AsyncGenerator<ServerSentEvent, void, undefined> {
  // Removes a byte order mark, as the standard requires.
  const decoder = new TextDecoder();
  let rest = "";
  let event = "";
  let id = "";
  let data: string[] = [];
  for await (const piece of pieces) {
    onBytes();
    const text = rest + decoder.decode(piece, { stream: true });
    // A line feed in the next piece belongs to the same line break.
    const whole = text.endsWith("\r") ? text.slice(0, -1) : text;
    const lines = whole.split(LINE_BREAK);
    rest = (lines.pop() ?? "") + text.slice(whole.length);
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) yield { event: event === "" ? "message" : event, id, data: data.join("\n") };
        event = "";
        data = [];
        continue;
      }
      const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
      if (field === "event") event = value;
      else if (field === "data") data.push(value);
      else if (field === "id" && !value.includes("\0")) id = value;
    }
  }
}
