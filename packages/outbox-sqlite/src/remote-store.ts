import type {
  StoreAnswer,
  StoreCall,
  StoreInputs,
  StoreMethod,
  StoreMethods,
  StoreOutputs,
} from "./store-call.ts";
import { StoreFailure, storeFailure } from "./store-failure.ts";

/** Where the store does its work. Calls fail with a {@link StoreFailure}. */
export interface StoreThread {
  call<M extends StoreMethod>(method: M, input: StoreInputs[M]): Promise<StoreOutputs[M]>;
  stop(): Promise<void>;
}

/** A {@link StoreCall}, as far as the compiler can follow it on its way out. */
export interface SentCall {
  readonly id: number;
  readonly method: StoreMethod;
  readonly input: StoreInputs[StoreMethod];
}

/** A way for messages to where the store is. */
export interface StorePort {
  post(call: SentCall): void;
  /** Told when the first call goes out and when the last answer is in. */
  setBusy(busy: boolean): void;
}

interface Waiting {
  resolve(output: StoreOutputs[StoreMethod]): void;
  reject(error: StoreFailure): void;
}

/** The near end: turns calls into messages and answers into promises. */
export class RemoteStore {
  readonly #port: StorePort;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #gone: StoreFailure | undefined;

  constructor(port: StorePort) {
    this.#port = port;
  }

  call<M extends StoreMethod>(method: M, input: StoreInputs[M]): Promise<StoreOutputs[M]> {
    return new Promise<StoreOutputs[M]>((resolve, reject) => {
      if (this.#gone !== undefined) {
        reject(this.#gone);
        return;
      }
      const answered: (output: StoreOutputs[M]) => void = resolve;
      const id = ++this.#lastId;
      this.#port.post({ id, method, input });
      this.#waiting.set(id, { resolve: answered, reject });
      if (this.#waiting.size === 1) this.#port.setBusy(true);
    });
  }

  receive(answer: StoreAnswer): void {
    const call = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#port.setBusy(false);
    if ("failure" in answer) call?.reject(new StoreFailure(answer.failure, answer.message));
    else call?.resolve(answer.output);
  }

  /** The far end is gone: whatever waits fails, and whatever comes. */
  end(reason: string): void {
    this.#gone ??= new StoreFailure("io", reason);
    for (const { reject } of this.#waiting.values()) reject(this.#gone);
    this.#waiting.clear();
  }
}

/** The far end: carries out a call. */
export const answerCall = (methods: StoreMethods, request: StoreCall): StoreAnswer => {
  try {
    return { id: request.id, output: run(methods, request) };
  } catch (error) {
    const { kind, message } = storeFailure(error);
    return { id: request.id, failure: kind, message };
  }
};

const run = <M extends StoreMethod>(methods: StoreMethods, { method, input }: StoreCall<M>) =>
  methods[method](input);
