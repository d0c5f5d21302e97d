import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

/** Asks before something that cannot be taken back. It is open as long as it is there; fields in it are checked before it goes on. */
export const ConfirmDialog = ({
  title,
  verb,
  onConfirm,
  onClose,
  children,
}: {
  readonly title: string;
  /** On the button that does it. */
  readonly verb: string;
  readonly onConfirm: () => void;
  /** Called at its end, confirmed or not. */
  readonly onClose: () => void;
  /** What comes of it. */
  readonly children: ComponentChildren;
}) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby={heading} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          dialog.current?.close();
          onConfirm();
        }}
      >
        <h2 id={heading}>{title}</h2>
        <div class="words">{children}</div>
        <div class="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class="danger">
            {verb}
          </button>
        </div>
      </form>
    </dialog>
  );
};
