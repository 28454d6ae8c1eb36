// Preloaded into a kernel, makes it hold what cells forget, as it would without
// src/kernel/run/tensor-gc.ts.
globalThis.FinalizationRegistry = class {
  register() {}
  unregister() {
    return false;
  }
};
