import { Component, type ComponentChildren } from "preact";
import { Unknown } from "./shown.tsx";

interface Props {
  readonly children: ComponentChildren;
}

/** Says that a part of the page failed, where an error of its own would leave nothing. */
export class Failed extends Component<Props, { readonly error: string | undefined }> {
  override state = { error: undefined };

  static override getDerivedStateFromError(error: unknown): { readonly error: string } {
    return { error: String(error) };
  }

  override componentDidCatch(error: unknown): void {
    reportError(error);
  }

  override render({ children }: Props) {
    const { error } = this.state;
    if (error === undefined) return children;
    return <Unknown error={`This page failed: ${error}`} retry={() => this.setState({ error: undefined })} />;
  }
}
