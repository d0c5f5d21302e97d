import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { createTransact } from "./transaction.ts";

test("work that fails leaves nothing behind, says so, and the next work is stored", () => {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE numbers (n INTEGER NOT NULL)");
  let rollbacks = 0;
  const transact = createTransact(database, () => rollbacks++);
  const insert = database.prepare("INSERT INTO numbers VALUES (?)");

  expect(() =>
    transact(() => {
      insert.run(1);
      insert.run(null);
    }),
  ).toThrow(/NOT NULL/);
  expect(rollbacks).toBe(1);
  expect(transact(() => insert.run(2).changes)).toBe(1);
  expect(database.prepare("SELECT n FROM numbers").all()).toEqual([{ n: 2 }]);
  database.close();
});
