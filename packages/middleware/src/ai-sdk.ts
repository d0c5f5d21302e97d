export { meterLanguageModel } from "./ai-sdk/meter-language-model.ts";
export type {
  MeteredModelCall,
  MeterLanguageModelOptions,
  ModelCall,
  ModelMeter,
  ModelMeters,
  ModelOutcome,
} from "./ai-sdk/meter-language-model-options.ts";
export type { ModelUsage } from "./ai-sdk/model-usage.ts";
