import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { ConfirmDialog } from "./confirm-dialog.tsx";

/** A button for what cannot be taken back: it asks first. */
export const ConfirmButton = ({
  label,
  name,
  title,
  verb = label,
  onConfirm,
  children,
}: {
  readonly label: string;
  /** Read out instead of the label, where many buttons have the same one. */
  readonly name?: string | undefined;
  readonly title: string;
  /** On the button that does it. */
  readonly verb?: string;
  readonly onConfirm: () => void;
  /** What comes of it. */
  readonly children: ComponentChildren;
}) => {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <button type="button" aria-label={name} onClick={() => setAsking(true)}>
        {label}
      </button>
      {asking && (
        <ConfirmDialog title={title} verb={verb} onConfirm={onConfirm} onClose={() => setAsking(false)}>
          {children}
        </ConfirmDialog>
      )}
    </>
  );
};
