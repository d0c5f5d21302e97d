export {
  type CustomerOf,
  type CutOverOptions,
  cutOver,
  type FanOut,
  type FanOutOptions,
  type FanOutReceipt,
  fallback,
  fanOut,
  route,
  withCustomers,
} from "@meter-lib/core/compose";
