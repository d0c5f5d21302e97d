import { useMeterSession } from "@meter-lib/react";
import type { ReactElement } from "react";
import { AiSwitch } from "./ai-switch.tsx";
import { Chat } from "./chat.tsx";
import { UsagePanel } from "./usage-panel.tsx";
import { useStoredFlag } from "./use-stored-flag.ts";

export const App = (): ReactElement => {
  const [isOn, setOn] = useStoredFlag("browser-chat ai");
  const session = useMeterSession("chat.on.time_hours", { active: isOn });
  return (
    <div className="page">
      <header>
        <div>
          <h1>Metered chat</h1>
          <p>Every minute of the assistant, and every question, is on the bill once.</p>
        </div>
        <AiSwitch isOn={isOn} onChange={setOn} />
      </header>
      <main>
        <Chat isOn={isOn} />
        <UsagePanel session={session} />
      </main>
    </div>
  );
};
