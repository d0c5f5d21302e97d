import type { ReactElement } from "react";

export interface AiSwitchProps {
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}

export const AiSwitch = ({ isOn, onChange }: AiSwitchProps): ReactElement => (
  <button type="button" role="switch" aria-checked={isOn} className="switch" onClick={() => onChange(!isOn)}>
    <span className="track" aria-hidden="true" />
    Assistant
  </button>
);
