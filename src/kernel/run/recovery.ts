/** The part of TensorFlow.js's engine that a termination leaves half-way: no `finally` block has run. */
interface TensorEngine {
  state: {
    kernelDepth: number;
    gradientDepth: number;
    activeTape: { saved?: { dispose(): void }[] }[] | null | undefined;
    scopeStack: unknown[];
  };
  endScope(): void;
}

/**
 * Puts TensorFlow.js's engine back to where it is between operations, after code was terminated in one.
 *
 * Otherwise it would record no gradients any more; the tensors of open `tidy` scopes and of the tape are disposed of.
 */
export function recoverEngine(): void {
  const { _tfengine: engine } = globalThis as { _tfengine?: TensorEngine };
  if (!engine) return;
  while (engine.state.scopeStack.length > 0) engine.endScope();
  for (const { saved = [] } of engine.state.activeTape ?? [])
    for (const tensor of saved) tensor.dispose();
  Object.assign(engine.state, { kernelDepth: 0, gradientDepth: 0, activeTape: null });
}
