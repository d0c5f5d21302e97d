import { cachedLookup, httpCustomerLookup, staticCustomers } from "@meter-lib/lookup-http";
import { createSandbox } from "@meter-lib/sandbox";
import { customerLookupConformance } from "@meter-lib/testing";
import { faultBackend } from "@meter-lib/testing/fault-backend";

customerLookupConformance({
  name: "staticCustomers",
  create: (customers) => ({ lookup: staticCustomers(customers), dispose: () => {} }),
});

for (const lookupAnswer of ["list", "object"] as const) {
  customerLookupConformance({
    name: `httpCustomerLookup, answers as ${lookupAnswer}`,
    create: async (tenants) => {
      const sandbox = await createSandbox({ tenants, lookupAnswer, apiKeys: ["key-of-the-portal"] });
      return {
        lookup: httpCustomerLookup({ baseUrl: sandbox.url, apiKey: "key-of-the-portal" }),
        goAway: () => sandbox.close(),
        dispose: () => sandbox.close(),
      };
    },
  });
}

/** A backend that swallows every question, once asked to. */
const silenced = async (tenants: Readonly<Record<string, string>>) => {
  const sandbox = await createSandbox({ tenants });
  const backend = await faultBackend();
  backend.always({ kind: "silence", counts: false });
  let silent = false;
  const lookup = httpCustomerLookup({
    baseUrl: sandbox.url,
    fetch: (input, init) => {
      if (!silent) return fetch(input, init);
      const request = new Request(input, init);
      return fetch(new URL(new URL(request.url).pathname, backend.url), { signal: request.signal });
    },
  });
  return {
    lookup,
    fallSilent: () => {
      silent = true;
    },
    goAway: () => sandbox.close(),
    dispose: async () => {
      await backend.close();
      await sandbox.close();
    },
  };
};

customerLookupConformance({ name: "httpCustomerLookup, without a key", create: silenced });

customerLookupConformance({
  name: "cachedLookup",
  create: async (tenants) => {
    const inner = await silenced(tenants);
    return { ...inner, lookup: cachedLookup(inner.lookup) };
  },
});
