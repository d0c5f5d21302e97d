import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

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
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    if (asking) dialog.current?.showModal();
  }, [asking]);
  const close = (): void => dialog.current?.close();
  return (
    <>
      <button type="button" aria-label={name} onClick={() => setAsking(true)}>
        {label}
      </button>
      {asking && (
        <dialog ref={dialog} aria-labelledby={heading} onClose={() => setAsking(false)}>
          <h2 id={heading}>{title}</h2>
          <div class="words">{children}</div>
          <div class="buttons">
            <button type="button" onClick={close}>
              Cancel
            </button>
            <button
              type="button"
              class="danger"
              onClick={() => {
                close();
                onConfirm();
              }}
            >
              {verb}
            </button>
          </div>
        </dialog>
      )}
    </>
  );
};
