import { expect, test } from "vitest";
import { metered } from "../../test/metered.ts";
import { expressMetering } from "../express.ts";
import { fastifyMetering } from "../fastify.ts";
import { honoMetering } from "../hono.ts";
import { nextMetering } from "../next.ts";

test.each([
  ["honoMetering", honoMetering],
  ["expressMetering", expressMetering],
  ["fastifyMetering", fastifyMetering],
  ["nextMetering", nextMetering],
])("%s names every option at fault when it is created, not at each request", (_, create) => {
  const { client } = metered();
  const making = (options: object) => () => Reflect.apply(create, undefined, [options]);
  expect(making({})).toThrow(
    expect.objectContaining({
      code: "invalid_options",
      message:
        "client: expected a MeterClient, got nothing; tenant: expected a function that returns the tenant of a request, got nothing",
    }),
  );
  expect(making({ client, tenant: "tenant_123", onerror: () => {} })).toThrow(
    expect.objectContaining({
      message:
        'onerror: expected no option of this name, got a value; tenant: expected a function that returns the tenant of a request, got "tenant_123"',
    }),
  );
});
