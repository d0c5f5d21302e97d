/** One message of a stream of Server-Sent Events. */
export interface ServerSentEvent {
  /** Its kind; `message` where none was said. */
  readonly event: string;
  /** The last id that was said; empty before the first. */
  readonly id: string;
  readonly data: string;
}

const LINE_BREAK = /\r\n|\n|\r/;

/**
 * Reads a stream of Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html). A message that the
 * stream ends in the middle of is dropped, as the standard says.
 *
 * @param onBytes - called for every piece, comments included: a sign of life
 */
export async function* readServerSentEvents(
  pieces: AsyncIterable<Uint8Array>,
  onBytes: () => void = () => {},
): AsyncGenerator<ServerSentEvent, void, undefined> {
  // Takes a byte order mark away, as the standard says.
  const decoder = new TextDecoder();
  let rest = "";
  let event = "";
  let id = "";
  let data: string[] = [];
  for await (const piece of pieces) {
    onBytes();
    const text = rest + decoder.decode(piece, { stream: true });
    // A line feed may follow in the next piece: it belongs to the same break.
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
