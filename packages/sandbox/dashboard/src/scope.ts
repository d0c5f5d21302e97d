/** Whose usage a page tells: of one customer, tenant or meter, or of all. */
export interface Scope {
  readonly customer_id?: string;
  readonly tenant_id?: string;
  readonly meter_id?: string;
}
