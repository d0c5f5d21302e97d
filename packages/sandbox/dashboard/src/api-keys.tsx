import { useState } from "preact/hooks";
import { apiKeysShape, madeKeyShape } from "./answer-shapes.ts";
import { post, remove } from "./ask.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { DataTable } from "./data-table.tsx";
import { CopyButton } from "./id.tsx";
import { numberText } from "./number-text.ts";
import { Shown } from "./shown.tsx";
import { Time } from "./time.tsx";
import { useAction } from "./use-action.ts";
import { useAnswer } from "./use-answer.ts";

/** The API keys of the portal's lookup. */
export const ApiKeys = () => {
  const answered = useAnswer("sandbox/v1/api-keys", apiKeysShape);
  const { said, act } = useAction(answered.refresh);
  const [made, setMade] = useState<string>();

  const add = (): Promise<void> =>
    act(async () => {
      const { key } = await post("sandbox/v1/api-keys", madeKeyShape, {});
      setMade(key);
      return "Created. Copy it now; it is not shown again:";
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
      <Shown of={answered}>
        {({ keys }) => (
          <>
            <p class="quiet">
              {keys.length === 0
                ? "None: lookups need no key. Once a key exists, the portal's lookup requires it, and a wrong key is refused everywhere."
                : "The portal's lookup requires one of these keys. A wrong key is refused everywhere. Internal lookups and event posts work without a key."}
            </p>
            {keys.length > 0 && (
              <DataTable
                label="API keys"
                columns={[
                  { head: "Key", cell: ({ ending }) => <span class="id">…{ending}</span> },
                  {
                    head: "Created",
                    cell: ({ added_at }) => (added_at === null ? "set at startup" : <Time at={added_at} />),
                  },
                  { head: "Uses", number: true, cell: ({ uses }) => numberText(uses) },
                  { head: "Last used", cell: ({ last_used_at }) => <Time at={last_used_at} /> },
                  {
                    head: "Remove",
                    unseen: true,
                    cell: ({ id, ending }) =>
                      id !== null && (
                        <ConfirmButton
                          label="Remove"
                          name={`Remove the key that ends with ${ending}`}
                          title={`Remove the key that ends with ${ending}?`}
                          onConfirm={() => drop(id, ending)}
                        >
                          <p>Requests with this key will be refused. This cannot be undone.</p>
                        </ConfirmButton>
                      ),
                  },
                ]}
                rows={keys}
                keyOf={({ id, ending }) => id ?? `given ${ending}`}
              />
            )}
          </>
        )}
      </Shown>
      <div class="buttons">
        <button type="button" onClick={add}>
          Create key
        </button>
        <span class="said" role="status">
          {said}
        </span>
        {made !== undefined && (
          <span>
            <code>{made}</code> <CopyButton text={made} />
          </span>
        )}
      </div>
    </section>
  );
};
