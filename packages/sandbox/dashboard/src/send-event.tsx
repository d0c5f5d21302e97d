import { useState } from "preact/hooks";
import type { Tenant } from "../../src/store/accounts.ts";
import { ask, put } from "./ask.ts";
import { baseUrl } from "./base-url.ts";
import type { CatalogAnswer } from "./catalog-answer.ts";
import { Combobox } from "./combobox.tsx";
import { findMeters, findTenants } from "./find-options.ts";
import { eventBody, type Language, snippet } from "./snippet.ts";
import { dataOf, useAnswer } from "./use-answer.ts";

const LANGUAGES: readonly (readonly [Language, string])[] = [
  ["typescript", "TypeScript"],
  ["curl", "curl"],
  ["python", "Python"],
];

/** Code that sends an event of a meter, to copy; and a button that sends it from here. */
export const SendEvent = ({ meterId }: { readonly meterId?: string | undefined }) => {
  const catalog = useAnswer<CatalogAnswer>("sandbox/v1/catalog");
  const tenants = useAnswer<{ tenants: readonly Tenant[] }>("sandbox/v1/tenants?limit=1");
  const [language, setLanguage] = useState<Language>("typescript");
  const [chosenMeter, setMeter] = useState(meterId);
  const [chosenTenant, setTenant] = useState<Tenant>();
  const [said, setSaid] = useState("");
  const [opened] = useState(Date.now);

  const meters = dataOf(catalog)?.meters ?? [];
  const known = dataOf(tenants)?.tenants;
  // Only where it is known that there is none.
  const isEmpty = known?.length === 0;
  const meter_id = chosenMeter ?? meters[0]?.meter_id ?? "page.processed.basic";
  const type = meters.find((meter) => meter.meter_id === meter_id)?.type ?? "volume";
  const tenant = chosenTenant ?? known?.[0] ?? { tenant_id: "tenant_123", customer_id: "cust_001" };
  const event = { url: baseUrl(), ...tenant, meter_id, type };
  const code = snippet(language, event, opened);

  const choose = async (tenant_id: string): Promise<void> =>
    setTenant(await ask<Tenant>(`sandbox/v1/tenants/${encodeURIComponent(tenant_id)}`));
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(code);
      setSaid("Copied.");
    } catch {
      setSaid("The browser does not allow copying. Select the text instead.");
    }
  };
  const send = async (): Promise<void> => {
    try {
      if (isEmpty) {
        await put(`sandbox/v1/tenants/${encodeURIComponent(tenant.tenant_id)}`, {
          customer_id: tenant.customer_id,
        });
      }
      await ask("api/v1/events", {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-tenant-id": tenant.tenant_id,
          "x-device-id": "dashboard",
        },
        body: JSON.stringify(eventBody(event, Date.now())),
      });
      setSaid("Sent and accepted.");
    } catch (error) {
      setSaid(error instanceof Error ? `Refused: ${error.message}` : String(error));
    }
    tenants.refresh();
  };

  return (
    <section class="card">
      <div class="fields">
        <Combobox label="Meter" value={meter_id} find={findMeters} required onChoose={setMeter} />
        {!isEmpty && (
          <Combobox label="Tenant" value={tenant.tenant_id} find={findTenants} required onChoose={choose} />
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
      {isEmpty && (
        <p class="quiet">
          No tenant is known yet: the button adds <span class="id">tenant_123</span>, paid for by{" "}
          <span class="id">cust_001</span>. Elsewhere start the sandbox with{" "}
          <code>--tenant tenant_123=cust_001</code> or add it under Customers.
        </p>
      )}
      <pre class="code" tabIndex={0}>
        {code}
      </pre>
      <div class="buttons">
        <button type="button" class="primary" disabled={known === undefined} onClick={send}>
          Send it from here
        </button>
        <button type="button" onClick={copy}>
          Copy
        </button>
        <span class="said" role="status">
          {said}
        </span>
      </div>
    </section>
  );
};
