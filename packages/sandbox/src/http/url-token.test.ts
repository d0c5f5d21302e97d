import { describe, expect, test } from "vitest";
import { createUrlDoor, createUrlToken, isUrlToken } from "./url-token.ts";

const TOKEN = "0123456789abcdef";
const enter = createUrlDoor(TOKEN);

describe("the door", () => {
  test.each([
    [`/${TOKEN}/`, "/"],
    [`/${TOKEN}/api/v1/events?x=1`, "/api/v1/events?x=1"],
    [`/${TOKEN}/${TOKEN}/`, `/${TOKEN}/`],
  ])("%s goes on as %s", (url, path) => {
    expect(enter(url)).toEqual({ state: "open", path });
  });

  test.each([`/${TOKEN}`, `/${TOKEN}?x=1`])("%s is sent to where relative addresses are right", (url) => {
    expect(enter(url)).toEqual({ state: "redirect", path: url.replace(TOKEN, `${TOKEN}/`) });
  });

  test.each([
    "",
    "/",
    "/api/v1/events",
    `/${TOKEN}x/`,
    `/${TOKEN.slice(1)}/`,
    `/${TOKEN.toUpperCase()}/`,
    `//${TOKEN}/`,
    `/?token=${TOKEN}`,
    `/x/../${TOKEN}/`,
    `/%30${TOKEN.slice(1)}/`,
    `*`,
  ])("%j stays out", (url) => {
    expect(enter(url)).toEqual({ state: "closed" });
  });
});

test("a token that it makes is one, and another each time", () => {
  const [one, other] = [createUrlToken(), createUrlToken()];
  expect(isUrlToken(one)).toBe(true);
  expect(one).not.toBe(other);
  expect(isUrlToken("short")).toBe(false);
  expect(isUrlToken(`${TOKEN}/`)).toBe(false);
});
