import { useState } from "preact/hooks";
import type { Tenant } from "../../src/store/accounts.ts";
import { catalogShape, doneShape, tenantShape, tenantsShape } from "./answer-shapes.ts";
import { ask, put, withQuery } from "./ask.ts";
import { baseUrl } from "./base-url.ts";
import { Combobox } from "./combobox.tsx";
import { findMeters, findTenants } from "./find-options.ts";
import { Shown } from "./shown.tsx";
import { eventBody, type Language, type SnippetEvent, snippet } from "./snippet.ts";
import { tenantPath } from "./tenant-path.ts";
import { useAction } from "./use-action.ts";
import { bothOf, useAnswer, useQuestion } from "./use-answer.ts";

const LANGUAGES: readonly (readonly [Language, string])[] = [
  ["typescript", "TypeScript"],
  ["curl", "curl"],
  ["python", "Python"],
];

/** The one that is added where none is known. */
const EXAMPLE: Tenant = { tenant_id: "tenant_123", customer_id: "cust_001" };

/** The tenant that was chosen, else the first one; null where none is known. */
const askTenant = async (chosen: string | undefined, signal: AbortSignal): Promise<Tenant | null> => {
  if (chosen !== undefined) return ask(tenantPath(chosen), tenantShape, { signal });
  const path = withQuery("sandbox/v1/tenants", { limit: 1 });
  const { tenants } = await ask(path, tenantsShape, { signal });
  return tenants[0] ?? null;
};

/** Code that sends an event of a meter, to copy; and a button that sends it from here. */
export const SendEvent = ({ meterId }: { readonly meterId?: string | undefined }) => {
  const [language, setLanguage] = useState<Language>("typescript");
  const [chosenMeter, setMeter] = useState(meterId);
  const [chosenTenant, setTenant] = useState<string>();
  const { said, act } = useAction(() => tenant.refresh());
  const [opened] = useState(Date.now);
  const catalog = useAnswer("sandbox/v1/catalog", catalogShape);
  const tenant = useQuestion(`tenant ${chosenTenant ?? ""}`, (signal) => askTenant(chosenTenant, signal), {
    like: "tenant",
  });

  const copy = (code: string): Promise<void> =>
    act(() =>
      navigator.clipboard.writeText(code).then(
        () => "Copied.",
        () => "The browser does not allow copying. Select the text instead.",
      ),
    );
  const send = (event: SnippetEvent, isNew: boolean): Promise<void> =>
    act(async () => {
      if (isNew) await put(tenantPath(event.tenant_id), { customer_id: event.customer_id });
      await ask("api/v1/events", doneShape, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-tenant-id": event.tenant_id,
          "x-device-id": "dashboard",
        },
        body: JSON.stringify(eventBody(event, Date.now())),
      });
      return "Sent and accepted.";
    });

  return (
    <section class="card">
      <Shown of={bothOf(catalog, tenant)} lines={8}>
        {([{ meters }, known]) => {
          const meter_id = chosenMeter ?? meters[0]?.meter_id ?? "page.processed.basic";
          const type = meters.find((meter) => meter.meter_id === meter_id)?.type ?? "volume";
          const event = { url: baseUrl(), ...(known ?? EXAMPLE), meter_id, type };
          const code = snippet(language, event, opened);
          return (
            <>
              <div class="fields">
                <Combobox label="Meter" value={meter_id} find={findMeters} required onChoose={setMeter} />
                {known !== null && (
                  <Combobox
                    label="Tenant"
                    value={chosenTenant ?? known.tenant_id}
                    find={findTenants}
                    required
                    onChoose={setTenant}
                  />
                )}
                <fieldset class="tabs">
                  <legend class="unseen">Language</legend>
                  {LANGUAGES.map(([value, label]) => (
                    <label key={value}>
                      <input
                        type="radio"
                        name="language"
                        value={value}
                        checked={language === value}
                        onChange={() => setLanguage(value)}
                      />
                      <span>{label}</span>
                    </label>
                  ))}
                </fieldset>
              </div>
              {known === null && (
                <p class="quiet">
                  No tenant is known yet: the button adds <span class="id">{EXAMPLE.tenant_id}</span>, paid
                  for by <span class="id">{EXAMPLE.customer_id}</span>. Elsewhere start the sandbox with{" "}
                  <code>
                    --tenant {EXAMPLE.tenant_id}={EXAMPLE.customer_id}
                  </code>{" "}
                  or add it under Customers.
                </p>
              )}
              <pre class="code" tabIndex={0}>
                {code}
              </pre>
              <div class="buttons">
                <button type="button" class="primary" onClick={() => send(event, known === null)}>
                  Send it from here
                </button>
                <button type="button" onClick={() => copy(code)}>
                  Copy
                </button>
                <span class="said" role="status">
                  {said}
                </span>
              </div>
            </>
          );
        }}
      </Shown>
    </section>
  );
};
