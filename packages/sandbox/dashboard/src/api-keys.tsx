import { useState } from "preact/hooks";
import type { ApiKey } from "../../src/store/api-keys.ts";
import { post, remove } from "./ask.ts";
import { DataTable } from "./data-table.tsx";
import { numberText } from "./number-text.ts";
import { timeText, type Zone } from "./time-text.ts";
import { useAction } from "./use-action.ts";
import { useAnswer } from "./use-answer.ts";

/** The keys of the portal's lookup. */
export const ApiKeys = ({ zone }: { readonly zone: Zone }) => {
  const { data, refresh } = useAnswer<{ keys: readonly ApiKey[] }>("sandbox/v1/api-keys");
  const { said, act } = useAction(refresh);
  const [made, setMade] = useState<string>();
  const keys = data?.keys ?? [];

  const add = (): Promise<void> =>
    act(async () => {
      const { key } = await post<{ readonly key: string }>("sandbox/v1/api-keys", {});
      setMade(key);
      return "Made. It is shown this once:";
    });
  const drop = (id: number, ending: string): Promise<void> =>
    act(async () => {
      await remove(`sandbox/v1/api-keys/${id}`);
      setMade(undefined);
      return `The key that ends with ${ending} is removed.`;
    });

  return (
    <section class="card">
      <h2>API keys</h2>
      <p class="quiet">
        {keys.length === 0
          ? "None: every lookup is answered without a key. Once there is one, the portal's lookup asks for it, and a wrong key is refused everywhere."
          : "The portal's lookup asks for one of these; a wrong key is refused everywhere. Internal lookups and event posts work without."}
      </p>
      {keys.length > 0 && (
        <DataTable
          label="API keys"
          heads={["Key", "Made", { number: "Uses" }, "Last used", { unseen: "Remove" }]}
        >
          {keys.map(({ id, ending, added_at, uses, last_used_at }, place) => (
            <tr key={id ?? `given ${place}`}>
              <td class="id">…{ending}</td>
              <td class="time">{added_at === null ? "given at the start" : timeText(added_at, zone)}</td>
              <td class="number">{numberText(uses)}</td>
              <td class="time">{timeText(last_used_at, zone)}</td>
              <td class="act">
                {id !== null && (
                  <button
                    type="button"
                    aria-label={`Remove the key that ends with ${ending}`}
                    onClick={() => drop(id, ending)}
                  >
                    Remove
                  </button>
                )}
              </td>
            </tr>
          ))}
        </DataTable>
      )}
      <div class="buttons">
        <button type="button" onClick={add}>
          New key
        </button>
        <span class="said" role="status">
          {said}
        </span>
        {made !== undefined && <code>{made}</code>}
      </div>
    </section>
  );
};
