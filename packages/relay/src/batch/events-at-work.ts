/**
 * The events that this relay is working on. A claim in the store can lapse while this process is blocked for longer than the lease,
 * although its work goes on afterwards; this record cannot.
 */
export class EventsAtWork {
  readonly #marks = new Map<string, Map<string, string>>();

  /** Returns the mark of the event in work under this identity, or undefined. */
  markOf(tenant_id: string, event_id: string): string | undefined {
    return this.#marks.get(tenant_id)?.get(event_id);
  }

  begin(tenant_id: string, event_id: string, mark: string): void {
    const ofTenant = this.#marks.get(tenant_id);
    if (ofTenant === undefined) this.#marks.set(tenant_id, new Map([[event_id, mark]]));
    else ofTenant.set(event_id, mark);
  }

  end(tenant_id: string, event_id: string): void {
    const ofTenant = this.#marks.get(tenant_id);
    ofTenant?.delete(event_id);
    if (ofTenant?.size === 0) this.#marks.delete(tenant_id);
  }
}
