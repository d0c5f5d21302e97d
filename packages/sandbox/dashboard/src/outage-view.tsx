import type { FaultSettings, FaultState } from "../../src/http/faults.ts";
import { put } from "./ask.ts";
import { numberText } from "./number-text.ts";
import { Shown } from "./shown.tsx";
import { useAction } from "./use-action.ts";
import type { Answered } from "./use-answer.ts";

const OUTCOMES: readonly (readonly [FaultSettings["outcome"], string, string])[] = [
  ["as_usual", "As usual", "Requests are handled normally."],
  ["unavailable", "Failing", "Every request fails with 503."],
  ["reset", "Resetting", "Every connection is closed before a response."],
];
const DELAYS = [0, 500, 2000, 10_000, 30_000];

const Switches = ({
  faults: { delay_ms, outcome, requests },
  refresh,
}: {
  readonly faults: FaultState;
  readonly refresh: () => void;
}) => {
  const { said, act } = useAction(refresh);
  const set = (settings: FaultSettings): Promise<void> =>
    act(async () => {
      await put("sandbox/v1/faults", settings);
      return "";
    });
  return (
    <section class="card">
      <p class="said" role="status">
        {said}
      </p>
      <fieldset>
        <legend>Responses</legend>
        {OUTCOMES.map(([value, label, words]) => (
          <label key={value} class="choice">
            <input
              type="radio"
              name="outcome"
              value={value}
              checked={outcome === value}
              onChange={() => set({ delay_ms, outcome: value })}
            />
            <span>
              <strong>{label}</strong> <span class="quiet">{words}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <label class="inline">
        Slower by
        <select value={delay_ms} onChange={(e) => set({ outcome, delay_ms: Number(e.currentTarget.value) })}>
          {[...new Set([...DELAYS, delay_ms])].map((ms) => (
            <option key={ms} value={ms}>
              {ms === 0 ? "nothing" : `${ms / 1000} s`}
            </option>
          ))}
        </select>
      </label>
      <p class="figure">
        <strong>{numberText(requests)}</strong> requests affected since this was set
      </p>
      {(outcome !== "as_usual" || delay_ms > 0) && (
        <button type="button" class="primary" onClick={() => set({ outcome: "as_usual", delay_ms: 0 })}>
          End the outage
        </button>
      )}
    </section>
  );
};

/** Switches that let a developer watch an app survive an outage. */
export const OutageView = ({ faults }: { readonly faults: Answered<FaultState> }) => (
  <>
    <h1>Outage</h1>
    <p>
      Make the backend fail and watch your app: a client with an outbox keeps its events and delivers them
      when the backend is back. Only event posts and customer lookups are affected.
    </p>
    <Shown of={faults} lines={5}>
      {(data) => <Switches faults={data} refresh={faults.refresh} />}
    </Shown>
  </>
);
