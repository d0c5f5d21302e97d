import { SendEvent } from "./send-event.tsx";

/** How to send an event of any meter. */
export const SendView = () => (
  <>
    <h1>Send</h1>
    <p>The code that sends one event of a meter to this backend.</p>
    <SendEvent />
  </>
);
