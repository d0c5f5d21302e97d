import type { Message } from "./child.ts";

/** Tells the process that started this one; its own end is this one's end. */
export const tellParent = (message: Message): Promise<void> =>
  new Promise((resolve, reject) => {
    if (process.send === undefined) throw new Error("this module is run by `pnpm bench`");
    process.send(message, undefined, undefined, (error) => (error === null ? resolve() : reject(error)));
  });

/** The parent's next message. */
export const nextOrder = (): Promise<unknown> => new Promise((resolve) => process.once("message", resolve));

/** Ends this process with its parent, whatever else it still waits for. */
export const endWithParent = (): void => {
  process.once("disconnect", () => process.exit());
};
