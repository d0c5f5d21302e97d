/**
 * Which events this relay works on. A claim in the store is for other processes: it lapses when this one is held up for longer than its
 * lease, though the work goes on afterwards. Here it is known better.
 */
export class EventsAtWork {
  readonly #marks = new Map<string, Map<string, string>>();

  /** The mark of the event that is worked on under this identity, if one is. */
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
