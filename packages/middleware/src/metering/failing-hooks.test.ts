import { Hono } from "hono";
import { expect, test } from "vitest";
import { metered } from "../../test/metered.ts";
import { honoMetering } from "../hono.ts";
import type { MeteringOptions } from "./metering-options.ts";

// Hooks that fail in every way: the request is answered as ever, `onError` is told, and nothing is left unhandled, which would end
// the process (here it fails the run).

const boom = (): never => {
  throw new Error("boom");
};
const reject = (): Promise<never> => Promise.reject(new Error("boom"));

type Hooks = Partial<Pick<MeteringOptions<never, never, unknown>, "tenant" | "waitUntil" | "onError">>;

const answerWith = async (hooks: Hooks, usage: () => never | Promise<never> = boom) => {
  const told: unknown[] = [];
  const { client } = metered();
  const metering = honoMetering({
    client,
    tenant: () => "t1",
    onError: (error) => told.push(error),
    ...hooks,
  });
  const app = new Hono();
  app.post("/scan", metering.meter(usage), (context) => context.text("done"));
  const response = await app.request("/scan", { method: "POST" });
  await client.close();
  return { answer: await response.text(), told };
};

test.each<[string, Hooks]>([
  ["tenant throws", { tenant: boom }],
  ["tenant rejects", { tenant: reject }],
])("%s", async (_name, hooks) => {
  const { answer, told } = await answerWith(hooks);
  expect(answer).toBe("done");
  expect(told).toMatchObject([{ message: "boom" }]);
});

test.each([
  ["throws", boom],
  ["rejects", reject],
])("a usage function %s", async (_name, usage) => {
  const { answer, told } = await answerWith({}, usage);
  expect(answer).toBe("done");
  expect(told).toMatchObject([{ message: "boom" }]);
});

test.each([
  ["throws", boom],
  ["rejects", reject],
])("waitUntil %s", async (_name, waitUntil) => {
  const { answer, told } = await answerWith({ waitUntil });
  expect(answer).toBe("done");
  expect(told).toMatchObject([{ message: "boom" }, { message: "boom" }]);
});

test.each([
  ["throws", boom],
  ["rejects", reject],
])("onError %s", async (_name, onError) => {
  expect(await answerWith({ onError })).toMatchObject({ answer: "done" });
});
