import type { Visit } from "./dashboard-questions.ts";

/** Ids to visit. */
export interface Visited {
  readonly customer: string;
  readonly tenant: string;
  readonly meter: string;
  /** A meter whose usage is a level. */
  readonly level: string;
  /** A tenant and a meter with hardly an event. */
  readonly rare: { readonly tenant_id: string; readonly customer_id: string; readonly meter_id: string };
  /** The number of an event. */
  readonly event: number;
  /** Part of a name, to search. */
  readonly part: string;
}

const RANGES = ["24h", "7d", "30d", "1y", "all"];
const STATES = ["accepted", "duplicate", "conflict", "refused", "replaced", "cancellation"];

/** Every view of the dashboard, with each of its settings. */
export const dashboardVisits = (of: Visited): readonly Visit[] => {
  const { customer, tenant, meter, level, rare, event, part } = of;
  const at = (address: string): Visit => ({ name: address, at: address });
  return [
    ...RANGES.map((range) => at(`usage?range=${range}&meter=${meter}`)),
    at("usage"),
    at("usage?range=30d&by=hour"),
    at(`usage?range=30d&clock=utc&meter=${meter}`),
    at(`usage?range=30d&compare=1&meter=${meter}`),
    at(`usage?range=30d&meter=${level}`),
    at(`usage?range=30d&group=tenant&meter=${meter}`),
    at(`usage?range=7d&group=metadata.region&meter=${meter}`),
    at(`usage?range=30d&group=metadata.region&meter=${meter}`),
    at(`usage?range=7d&customer=${customer}&meter=${meter}`),
    at(`usage?range=30d&customer=${customer}&group=metadata.region&meter=${meter}`),
    at("meters"),
    at(`meters/${meter}?range=30d`),
    at(`meters/${rare.meter_id}?range=all`),
    at("customers"),
    at("customers?range=30d"),
    at(`customers/${customer}?range=30d`),
    at(`customers/${rare.customer_id}?range=all`),
    at(`tenants/${tenant}?range=30d`),
    at(`tenants/${rare.tenant_id}?range=all`),
    at("events"),
    ...STATES.map((state) => at(`events?state=${state}`)),
    at(`events?customer=${customer}`),
    at(`events?tenant=${tenant}`),
    at(`events?meter=${meter}`),
    at(`events?tenant=${rare.tenant_id}`),
    at(`events?meter=${rare.meter_id}`),
    at(`events?tenant=${tenant}&meter=${rare.meter_id}`),
    at(`events?customer=${customer}&meter=${level}&state=duplicate`),
    at(`events/${event}`),
    at("delivery"),
    at("outage"),
    at("send"),
    {
      name: "usage: a customer and a meter are searched",
      at: "usage?range=30d",
      act: async (page) => {
        await page.getByRole("combobox", { name: "Customer" }).fill(part);
        await page.getByRole("listbox").getByRole("option").first().waitFor();
        await page.getByRole("combobox", { name: "Meter" }).fill("page");
        await page.getByRole("listbox").getByRole("option").first().waitFor();
      },
    },
    {
      name: "customers: searched, sorted, the next page",
      at: "customers?range=30d",
      act: async (page) => {
        await page.getByRole("searchbox", { name: "Search tenants" }).fill(part);
        await page.getByRole("searchbox", { name: "Search Customers with usage" }).fill(part);
        await page.getByRole("button", { name: "Duplicates" }).click();
        for (const next of await page.getByRole("button", { name: "Next →" }).all())
          if (await next.isEnabled()) await next.click();
      },
    },
    {
      name: "outbox: reconciled",
      at: "outbox",
      act: (page) => page.getByRole("button", { name: "Compare", exact: true }).click(),
    },
  ];
};
