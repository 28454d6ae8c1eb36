// Patches that must run before TensorFlow loads. Needs nothing itself: `node -r` may preload it.
import { availableParallelism } from "node:os";
import util from "node:util";

// Node 23 removed util.isNullOrUndefined, which every op of tfjs-node 4.22 calls.
const legacy = util as { isNullOrUndefined?: (value: unknown) => boolean };
legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;

// TensorFlow reads these once, when it loads. With parts, one intra-op thread is faster than two:
// by 10 % at 784-128-32-128-784 and a batch of 1,024, by 5 % at 784-1000-784 and one of 256.
process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
process.env.TF_NUM_INTRAOP_THREADS ??= "1";
// A replayed step has parts for as many threads as this, and is slower with fewer. Its ops run on
// TensorFlow's own threads, which count numbers below float32's smallest normal one as 0, as eager
// ops do. Below 0 they would run on JavaScript's, which does not: Adam's means of dead units get
// there, and arithmetic with them is slow.
process.env.TF_NUM_INTEROP_THREADS ??= String(Math.min(2, availableParallelism()));
