import axe from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { findChromium, NO_CHROMIUM } from "../../../scripts/find-chromium.ts";
import { type ChatServer, startChatServer } from "./server/chat-server.ts";

// A busy machine is slow, not wrong.
const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 45_000 });

const found = await findChromium();
if (found === undefined) console.warn(`the chat in a browser: ${NO_CHROMIUM}`);

describe.skipIf(found === undefined)("the chat in a browser", () => {
  let started: Browser;
  beforeAll(async () => {
    started = await chromium.launch({
      executablePath: found?.executablePath ?? "",
      args: [...(found?.args ?? [])],
    });
  });
  afterAll(() => started?.close());

  const problems: string[] = [];
  const openChat = async ({ url }: ChatServer, context: BrowserContext): Promise<Page> => {
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
    });
    page.on("pageerror", (error) => problems.push(String(error)));
    await page.goto(url);
    await page.getByRole("switch").waitFor();
    return page;
  };
  const isOn = (page: Page) => page.getByText("On: billed when it ends").waitFor();
  /** The boundaries of `chat.on.time_hours` that the backend counted, in order. */
  const boundaries = async ({ sandbox }: ChatServer) => {
    const query = "meter_id=chat.on.time_hours&state=accepted";
    const answer = await fetch(`${sandbox.url}/sandbox/v1/events?${query}`);
    const { events }: { events: readonly { session_id: string; start_time: number | null }[] } =
      await answer.json();
    return events
      .map(({ session_id, start_time }) => ({ session_id, kind: start_time === null ? "end" : "start" }))
      .reverse();
  };
  const kinds = async (server: ChatServer) => (await boundaries(server)).map(({ kind }) => kind);

  test("with the keyboard alone: on, a question, off; the page shows what the backend counted", async () => {
    await using server = await startChatServer(0);
    await using context = await started.newContext();
    const page = await openChat(server, context);

    await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    await isOn(page);
    await page.keyboard.press("Tab");
    await page.keyboard.type("How long is a day?");
    await page.keyboard.press("Enter");
    await page.getByText("You asked with 5 words.").waitFor();
    await page.getByRole("switch").press("Space");

    await page.getByTestId("sessions").getByText("1", { exact: true }).waitFor();
    await page.getByTestId("questions").getByText("1", { exact: true }).waitFor();
    await eventually(async () => {
      expect(await page.getByTestId("answer-time").textContent()).toMatch(/^(0\.[6-9]|[1-9])/);
      expect(await page.getByTestId("on-time").textContent()).not.toBe("0.0 s");
    });
    expect(problems).toEqual([]);
  });

  test("eight tabs are one session, over a reload and tabs that close; the last to switch off ends it", async () => {
    await using server = await startChatServer(0);
    await using context = await started.newContext();
    const first = await openChat(server, context);
    await first.getByRole("switch").click();
    await isOn(first);
    const others: Page[] = [];
    for (let tab = 2; tab <= 8; tab++) others.push(await openChat(server, context));
    for (const tab of others) await isOn(tab);
    await eventually(async () => expect(await kinds(server)).toEqual(["start"]));

    await first.reload();
    await isOn(first);
    for (const tab of others.splice(1)) await tab.close();
    expect(await kinds(server)).toEqual(["start"]);

    // The switch is shared, so all tabs leave the session.
    await first.getByRole("switch").click();
    await eventually(async () => expect(await kinds(server)).toEqual(["start", "end"]));
    const [start, end] = await boundaries(server);
    expect(end?.session_id).toBe(start?.session_id);
    expect(problems).toEqual([]);
  });

  test("a single tab that is closed while on is taken up by the next one", async () => {
    await using server = await startChatServer(0);
    await using context = await started.newContext();
    const first = await openChat(server, context);
    await first.getByRole("switch").click();
    await isOn(first);
    await eventually(async () => expect(await kinds(server)).toEqual(["start"]));
    await first.close();

    const next = await openChat(server, context);
    await isOn(next);
    await next.getByRole("switch").click();

    await eventually(async () => expect(await kinds(server)).toEqual(["start", "end"]));
  });

  test.each([
    { colorScheme: "light", width: 1280 },
    { colorScheme: "dark", width: 1280 },
    { colorScheme: "light", width: 375 },
    { colorScheme: "dark", width: 375 },
  ] as const)("axe finds nothing: $colorScheme, $width px", async ({ colorScheme, width }) => {
    await using server = await startChatServer(0);
    await using context = await started.newContext({ colorScheme, viewport: { width, height: 760 } });
    const page = await openChat(server, context);
    await page.evaluate(axe.source);
    const violations = () => page.evaluate("axe.run().then(({ violations }) => violations)");

    expect(await violations()).toEqual([]);
    await page.getByRole("switch").click();
    await isOn(page);
    await page.getByLabel("Your question").fill("Is this readable?");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("You asked with 3 words.").waitFor();
    expect(await violations()).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    const folder = process.env.SCREENSHOTS;
    if (folder !== undefined) await page.screenshot({ path: `${folder}/${colorScheme}-${width}.png` });
  });
});
