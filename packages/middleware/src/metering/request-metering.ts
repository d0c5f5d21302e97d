import { type Catalog, type ContextKey, MeterError } from "@meter-lib/core";
import { checkMeteringOptions } from "./check-metering-options.ts";
import { type EventRecorder, recordAll, reporter } from "./event-recorder.ts";
import type { MeteringOptions, TenantMeter, Usage } from "./metering-options.ts";

const NOT_RECORDED = "meter-lib: the usage of a request was not recorded:";

export type WaitUntil = (work: Promise<unknown>) => void;

/** The result of binding a request. */
export interface Bound<Meter> {
  /** Undefined if the request has no tenant. */
  readonly meter: Meter | undefined;
  /** Whether this call bound the request. The first call also ends it. */
  readonly first: boolean;
}

/**
 * Shared by all frameworks: one meter per request, kept as long as the request.
 *
 * @typeParam Request - the framework's request, which is also the key of its meter
 */
export class RequestMetering<C extends Catalog, B extends ContextKey, Request extends object> {
  readonly report: (error: unknown) => void;
  readonly #options: MeteringOptions<C, B, Request>;
  readonly #asked = new WeakMap<Request, Promise<TenantMeter<C, B> | undefined>>();
  readonly #meters = new WeakMap<Request, { readonly meter: TenantMeter<C, B> | undefined }>();

  /** @throws MeterError `invalid_options` */
  constructor(options: MeteringOptions<C, B, Request>) {
    checkMeteringOptions(options);
    this.#options = options;
    this.report = reporter(options.onError, NOT_RECORDED);
  }

  /** Returns the meter of a request. Calls `tenant` once per request. Never rejects. */
  async bind(request: Request): Promise<Bound<TenantMeter<C, B>>> {
    const asked = this.#asked.get(request);
    if (asked !== undefined) return { meter: await asked, first: false };
    const asking = this.#ask(request);
    this.#asked.set(request, asking);
    const meter = await asking;
    this.#meters.set(request, { meter });
    return { meter, first: true };
  }

  /** @throws MeterError `invalid_options` if the request was not bound */
  of(request: Request): TenantMeter<C, B> | undefined {
    const bound = this.#meters.get(request);
    if (bound === undefined) {
      throw new MeterError(
        "invalid_options",
        "this request has no meter: register the metering's middleware before the handler",
      );
    }
    return bound.meter;
  }

  /** Runs the rest of a request in the context, where deep code finds its meter. */
  within<Value>(meter: TenantMeter<C, B> | undefined, work: () => Value): Value {
    const { context } = this.#options;
    return context === undefined || meter === undefined ? work() : context.runWithMeter(meter, work);
  }

  /** Records the usage of a request. Never rejects. */
  async record(meter: TenantMeter<C, B>, usage: () => Usage<C, B> | Promise<Usage<C, B>>): Promise<void> {
    try {
      const used = await usage();
      if (used === undefined || used === null) return;
      recordAll(meter, isList(used) ? used : [used], this.report);
    } catch (error) {
      this.report(error);
    }
  }

  /** Makes the runtime wait until everything recorded before `ready` is delivered. */
  keepAlive(meter: EventRecorder, ready: Promise<unknown>, offered?: WaitUntil | undefined): void {
    const waitUntil = this.waitUntil(offered);
    if (waitUntil === undefined) return;
    const work = this.deliver(meter, ready);
    void (async () => waitUntil(work))().catch(this.report);
  }

  /** Returns the option `waitUntil`, or else that of the framework. */
  waitUntil(offered: WaitUntil | undefined): WaitUntil | undefined {
    return this.#options.waitUntil ?? offered;
  }

  /** Waits for `ready`, then flushes. Never rejects. */
  async deliver(meter: EventRecorder, ready: Promise<unknown>): Promise<void> {
    try {
      await ready;
      await meter.flush();
    } catch (error) {
      this.report(error);
    }
  }

  async #ask(request: Request): Promise<TenantMeter<C, B> | undefined> {
    try {
      const tenant_id = await this.#options.tenant(request);
      if (tenant_id === undefined || tenant_id === null) return undefined;
      return this.#options.client.with({ tenant_id });
    } catch (error) {
      this.report(error);
      return undefined;
    }
  }
}

const isList = <One>(value: One | readonly One[]): value is readonly One[] => Array.isArray(value);
