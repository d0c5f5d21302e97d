import { useMeter } from "@meter-lib/react";
import { type FormEvent, type ReactElement, useEffect, useRef, useState } from "react";

interface Line {
  readonly id: number;
  readonly by: "you" | "assistant";
  readonly text: string;
}

const ask = async (question: string): Promise<string> => {
  const answer = await fetch("/api/chat", {
    method: "POST",
    headers: { "content-type": "text/plain;charset=UTF-8" },
    body: question,
  });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.text();
};

export const Chat = ({ isOn }: { readonly isOn: boolean }): ReactElement => {
  const meter = useMeter();
  const [lines, setLines] = useState<readonly Line[]>([]);
  const [isWaiting, setWaiting] = useState(false);
  const log = useRef<HTMLDivElement>(null);
  const add = (by: Line["by"], text: string) =>
    setLines((known) => [...known, { id: known.length, by, text }]);

  useEffect(() => {
    if (lines.length > 0) log.current?.scrollTo({ top: log.current.scrollHeight });
  }, [lines]);

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    const question = String(new FormData(form).get("question") ?? "").trim();
    if (question === "" || isWaiting) return;
    form.reset();
    add("you", question);
    setWaiting(true);
    try {
      add("assistant", await meter.time({ meter_id: "chat.query.time_secs" }, () => ask(question)));
    } catch {
      add("assistant", "No answer came. Is the server still running?");
    } finally {
      setWaiting(false);
    }
  };

  return (
    <section className="chat" aria-label="Conversation">
      <div className="log" role="log" ref={log} aria-label="Messages">
        {lines.length === 0 && (
          <p className="hint">{isOn ? "Ask something." : "Switch the assistant on to ask something."}</p>
        )}
        {lines.map(({ id, by, text }) => (
          <p key={id} className={`line ${by}`}>
            <span className="who">{by === "you" ? "You" : "Assistant"}</span>
            {text}
          </p>
        ))}
        {isWaiting && <p className="hint">The assistant is writing…</p>}
      </div>
      <form onSubmit={(event) => void submit(event)}>
        <label htmlFor="question">Your question</label>
        <input
          id="question"
          name="question"
          autoComplete="off"
          disabled={!isOn}
          placeholder="How long is a day?"
        />
        <button type="submit" className="send" disabled={!isOn || isWaiting}>
          Send
        </button>
      </form>
    </section>
  );
};
